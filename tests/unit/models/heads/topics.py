"""Messages to a shop that were made up for these tests, 28 of each of four topics: cleaner than what people write."""

from __future__ import annotations

DESCRIPTIONS = {
    "billing": "The customer asks about an invoice, a payment, a price or a refund.",
    "delivery": "The customer asks where a parcel is, or complains about its shipping.",
    "technical": "The customer reports that a device or an app does not work.",
    "account": "The customer has trouble with a login, a password or personal data.",
}

_BILLING = """I was charged twice for the same order.
Could you send me the invoice for March?
When will my refund arrive on my card?
Why is the amount higher than the one I saw in the basket?
My credit card was declined although there is money on it.
Do your prices include VAT?
I need a receipt for my tax return.
The discount code was not applied to the total.
Can I pay in three instalments?
There is a fee on my statement that I do not understand.
Please take the money by direct debit from now on.
I cancelled last week and you still took 9.99.
Is it possible to pay by bank transfer?
You owe me 40 euros since the return in May.
The bill is made out to the wrong company.
How much does the larger plan cost a month?
I would like my money back.
The voucher that I got for my birthday is not accepted at the checkout.
What are the costs of the yearly subscription?
A payment of 120 dollars is pending for six days.
The total on the bill does not add up.
I never ordered the premium plan, yet it is on my bill.
Which currencies do you accept?
My bank says that you tried to debit me again.
Are there any hidden charges?
Please correct the VAT number on our last invoice.
I got a reminder although I have paid.
Is there a cheaper rate for students?"""

_DELIVERY = """Where is my parcel?
The tracking number has shown the same city for a week.
The courier left the box in the rain.
My order should have arrived on Monday.
Can you ship to Norway?
The package was delivered to my neighbour, who is on holiday.
How long does shipping take to Spain?
The driver did not ring the bell.
Half of my order is missing from the box.
Please send it to my office instead of my home.
The carton was torn open when it came.
I want to pick it up at a station near me.
It says delivered, but nothing is here.
Do you deliver on Saturdays?
The lamp arrived broken, it was badly wrapped.
Has my order been dispatched yet?
I got somebody else's package.
Is express shipping possible before Christmas?
The parcel is stuck at customs.
They tried to deliver while I was at work.
Why was my shipment split in two?
Can the furniture be carried up to the third floor?
The label on the box has the wrong street.
My parcel went back to the sender.
Which carrier do you use?
It has been on its way for three weeks now.
The mail man threw it over the fence.
When will the second box come?"""

_TECHNICAL = """The app crashes as soon as I open the camera.
My headphones do not connect by Bluetooth any more.
The screen stays black after the update.
The printer makes a grinding noise and stops.
I get error 504 whenever I upload a picture.
The battery is empty after one hour.
The keyboard types every letter twice.
Your website does not load in Firefox.
The vacuum robot drives in circles.
Sound is missing in all videos.
The tablet will not charge.
Since yesterday the app has been very slow.
The thermostat shows the wrong temperature.
The update hangs at 40 percent.
The coffee machine leaks water.
Video calls freeze after a minute.
The touch pad does not react.
The router drops the wireless network every night.
The watch does not count my steps.
Export to PDF gives an empty file.
The remote control only works from very near.
The laptop gets hot and switches itself off.
The search button does nothing.
Pictures from the camera are blurred.
The speaker crackles at high volume.
The program reports that a file is missing.
The lights of the keyboard flicker.
The machine does not start."""

_ACCOUNT = """I forgot my password.
How do I change my e-mail address?
My account has been locked after three attempts.
Please delete all data that you hold about me.
I cannot log in with my new phone number.
Somebody else is using my profile.
The confirmation link for my registration has expired.
I want to change my user name.
Two-factor codes do not reach my phone.
How can I close my account?
I have two accounts and want to merge them.
My surname has changed since the wedding, please update it.
I signed up but never got the activation mail.
The security question is not mine.
I think that my account was hacked.
How do I switch off the newsletter?
Can my wife use my login too?
I do not remember which address I registered with.
The site says that my credentials are invalid.
Please take my date of birth out of my profile.
Resetting the password sends me back to the sign-in page.
Who can see my personal information?
I need access for a new colleague.
My old mail address no longer exists, how do I sign in?
Your system says that this user does not exist.
I want a copy of my data under the GDPR.
How do I verify my identity?
There was a login from a country where I have never been."""

SENTENCES: tuple[tuple[str, str], ...] = tuple(
    (text, label)
    for label, block in (
        ("billing", _BILLING),
        ("delivery", _DELIVERY),
        ("technical", _TECHNICAL),
        ("account", _ACCOUNT),
    )
    for text in block.splitlines()
)
"""Text and topic."""
