"""What reasons of the gate, certificates and noise are made of, as the code writes them."""

from __future__ import annotations

from typing import Final

from serving.language import N_

GATE: Final = (
    N_("no model yet"),
    N_("model {version} predicts in place of {before}; nothing is accepted before it is certified."),
    N_("model {version} predicts in place of {before}; its certificate {n} holds still, and spends nothing again."),
    N_("model {version} predicts in place of {before}; it was tested before: {reason}"),
    N_("model {version} predicts; nothing is accepted before it is certified."),
    N_("model {version} predicts; its certificate {n} holds still, and spends nothing again."),
    N_("model {version} predicts; it was tested before: {reason}"),
    N_("model {version} was trained and is kept: {active} was chosen by hand and stays"),
    N_("model {version} scores in the shadow in place of {before}."),
    N_("model {version} scores in the shadow no longer."),
    N_("model {version} scores in the shadow."),
    N_("model {version} may be replaced by itself again."),
    N_("model {version} is known from now on."),
    N_("model {version} is tried beside {active}, which goes on predicting"),
    N_("model {version} is tried beside {active}, which goes on predicting; {former} is tried no longer"),
    N_("model {version} is tried no longer: the label config changed"),
    N_("the label config changed: a control that models fill differs, and the model is trained anew"),
    N_("the label config changed: {version} scores beside it no longer"),
    N_("the label config changed: another model may predict"),
    N_("the label config changed, but not what models fill; the certificate has to be for the config of now"),
    N_("paused: the label config changed and cannot be used: {why}"),
    N_(
        "the tolerance changed: epsilon {epsilon_before} to {epsilon}, delta {delta_before} to {delta}; nothing is "
        "accepted before a certificate for it."
    ),
    N_("Open: the watch is over, the audits' statistic is {statistic}."),
    N_(
        "Watch: {share} audits were wrong, and their statistic is {statistic}; within epsilon it reaches {level} once "
        "in so many audits. {rate} of what is acceptable is audited now."
    ),
    N_(
        "Watch: the last {n} items are not like the blind sample, in {figures}. That proves no error; {rate} of what "
        "is acceptable is audited now."
    ),
    N_(
        "Watch: nobody has answered {n} audits for more than {hours} hours, and the monitor sees none of those behind "
        "the first of them. They come first in the queue. Until then {rate} of what is acceptable goes to people."
    ),
    N_(
        "Closed: {since} audits since the estimated change were wrong, {before} before; more than {epsilon} of what is "
        "accepted is wrong. The change may lie {further} audits further back: {reopened} acceptances from after that "
        "are open again. It takes a new certificate, on {labels} blind labels of items that arrive from now on."
    ),
    N_("Suggestions are shown at every confidence again: with one an item takes {share} of the time without one."),
    N_("Suggestions are shown at every confidence again: with one an item takes an unknown time."),
    N_(
        "No suggestion is shown where the model is less than {share} sure: without it an item takes {saved} s less "
        "({shown} labels with a suggestion, {hidden} without). A share drawn by lot keeps it, so that this can be seen "
        "to change."
    ),
    N_(
        "Model {version} predicts from now on: {same} is certified for {share} of the blind sample, {before} covers "
        "{covered}."
    ),
    N_("Model {version} is rejected: {same} is certified for {share} of the blind sample, {before} covers {covered}."),
    N_("Model {version} is rejected, and {before} covers {covered} of the blind sample. On its own it is: {reason}"),
)
CERTIFICATES: Final = (
    N_(
        "Open: {losses} among {n} {labels} at confidence {threshold} or above, so at most {epsilon} of what is "
        "accepted is wrong, with probability {sure}; {coverage} of the waiting items lie there."
    ),
    N_(
        "Open: {losses} among {n} {labels} at confidence {threshold} or above, so the mean loss of what is accepted is "
        "at most {epsilon}, with probability {sure}; {coverage} of the waiting items lie there."
    ),
    N_(
        "Closed: {losses} among the {n} most confident of {all} {labels} cannot show that at most {epsilon} are wrong; "
        "{outlook}."
    ),
    N_(
        "Closed: {losses} among the {n} most confident of {all} {labels} cannot show a mean loss of at most {epsilon}; "
        "{outlook}."
    ),
    N_("Closed: {labels} are too few to show that at most {epsilon} are wrong, even without an error; {outlook}."),
    N_("Closed: there is no blind label of this stratum."),
    N_("Closed: no item of this stratum is waiting."),
    N_("Closed for each of {n} strata ({names}); {outlook}."),
    N_(
        "Open for {n} of {all} strata ({names}), each with a threshold of its own: at most {epsilon} of what is "
        "accepted in each is wrong, with probability {sure} for all of them together; {coverage} of the waiting items "
        "lie there."
    ),
)
NOISE: Final = (
    N_(
        "People disagree with each other on about {split} of the items ({n} labelled twice), so one person is wrong on "
        "about {rate}: with {labels} no budget below {floor} can be shown; {outlook}."
    ),
    N_(
        "People's own mistakes alone do not explain it: one person is wrong on {rate} of the items, from {n} labelled "
        "twice."
    ),
    N_(
        "Whether people's own mistakes explain it is not clear: one person is wrong on {rate} of the items, from {n} "
        "labelled twice."
    ),
    N_("{taken}; how often one person is wrong was not measured"),
    N_(
        "{taken}; one person is wrong on {rate} of the items, from {n} labelled twice; of {checked} agreements checked "
        "{fell} fell, at most {upper}"
    ),
    N_("{taken}; one person is wrong on {rate} of the items, from {n} labelled twice"),
)
PARTS: Final = (
    N_(
        "not reachable at any threshold seen, where the best error rate is {rate} at {coverage} of the items: it takes "
        "a better model or a larger budget"
    ),
    N_("at the error rates seen it takes about {n} more blind labels, and only {waiting} items are waiting"),
    N_("at the error rates seen it takes about {n} more blind labels"),
    N_("the nearest takes about {n} more blind labels"),
    N_("more labels alone open none"),
    N_("{n} more would allow {errors} errors"),
    N_("the pool is not like the sample"),
    N_("{n} of {all} blind labels in the range of the pool, worth {worth} at equal inclusion,"),
    N_("{n} of {all} blind labels in the range of the pool"),
    N_("{n} blind labels, worth {worth} at equal inclusion,"),
    N_("{n} blind labels"),
    N_("blind labels, weighted by their inclusion,"),
    N_("blind labels"),
    N_("a loss of {loss} in all"),
    N_("1 error"),
    N_("{n} errors"),
    N_("single labels"),
    N_("the majority of {n} people"),
    N_("take validation_people = {n}"),
    N_("it takes clearer guidelines, or a larger budget"),
    N_("each blind label is taken for the truth"),
    N_("where model and first label disagree, the majority of {n} people is taken for the truth"),
    N_("{share} ({lower} to {upper}, 95 % each side)"),
)
"""What values of the gate's, a certificate's and noise's sentences are made of; said nowhere else."""
SHARE: Final = N_("{n} of {all}")
"""A value too, where both are whole numbers: as a sentence it would fit too much."""
SENTENCES: Final = (*GATE, *CERTIFICATES, *NOISE)
"""A sentence that begins like another one, and goes on, stands before it."""
