"""What the doctor checks: what each check looks at, what can be wrong, and the advice that mends it.

``serving.projects.doctor`` makes its findings by this table and the documentation prints it, so page and program say
the same.
"""

from __future__ import annotations

from models.types import Frozen
from serving.language import N_, gettext


class Check(Frozen):
    """One check of a connected project."""

    name: str
    title: str
    """Its name on pages."""
    looks_at: str
    """What is asked, and of whom."""
    wrong: tuple[str, ...]
    """What it finds when it fails, in a user's words."""
    advice: str
    """What to change; ``{names}`` are filled in by the finding."""
    fix: str = ""
    """What ``prelabel doctor --fix`` does about it; empty: nothing, it is mended elsewhere."""

    def advise(self, **values: object) -> str:
        """The advice of one finding, in the language of now.

        Raises:
            KeyError: a name in the advice was given no value.
        """
        return gettext(self.advice, **values)


TOKEN = Check(
    name="token",
    title=N_("token"),
    looks_at="Whether Label Studio still takes the token of the project, and whose it is.",
    wrong=(
        "The token expired, was revoked, or its user was removed.",
        "Tokens of its kind (personal, legacy) were switched off for the organization.",
    ),
    advice=N_("{error}. Then `prelabel token {project} --token ...` with the new one"),
)
REACHABLE = Check(
    name="reachable",
    title=N_("reachable"),
    looks_at="Whether Label Studio answers at the address that the project was connected with. It is only listed when "
    "it does not; nothing else can be checked then.",
    wrong=(
        "Label Studio is down, or still starting.",
        "Its address, its port or a proxy in between changed: disconnect the project and connect it anew.",
    ),
    advice=N_("{error}; check that Label Studio runs at {url}"),
)
ACCOUNT = Check(
    name="account",
    title=N_("account"),
    looks_at="Whether people label with Prelabel's account too: tasks whose one label is by it and took some time, "
    "which no accepted label does. Labels that an import gave to the account without a time are not seen.",
    wrong=(
        "Somebody signs in to Label Studio as Prelabel, or Prelabel was given a person's own token: these labels do "
        "not count.",
    ),
    advice=N_(
        "{detail}: these labels count as written by Prelabel itself, and neither train nor certify. Let people label "
        "with accounts of their own, and delete these labels in Label Studio so that their tasks are labelled again; "
        "or, while nothing was accepted yet, `prelabel disconnect {project}` and connect with an account for Prelabel "
        "alone"
    ),
)
VERSION = Check(
    name="version",
    title=N_("version"),
    looks_at="Whether this version of Label Studio is one whose behaviour was measured.",
    wrong=("Label Studio was upgraded. It may work; nobody has seen it.",),
    advice=N_("Label Studio {version} was not measured, {measured} was: run the contract tests first"),
)
LABEL_CONFIG = Check(
    name="label config",
    title=N_("label config"),
    looks_at="Whether the project's label config can be read, and a model fills a part of it.",
    wrong=(
        "A control that a model fills was renamed, removed or lost its labels.",
        "A part is left to people: a note, and nothing to mend.",
    ),
    advice=N_("mend the labeling interface in Label Studio: {error}"),
)
SUGGESTIONS = Check(
    name="label config",
    title=N_("label config"),
    looks_at="The same check also sees whether the project shows predictions to annotators.",
    wrong=('"Use predictions to prelabel tasks" is off under Settings > Annotation, so people see no suggestion.',),
    advice="{warning}",
)
SERVICE = Check(
    name="service",
    title=N_("service"),
    looks_at="Sends an event that means nothing the way that Label Studio's events come: to `public_url`, with the "
    "project's secret.",
    wrong=(
        "`prelabel serve` does not run, or runs with another `data_dir` or `port` than the doctor.",
        "`public_url` is not the address of this service.",
    ),
    advice=N_(
        "{detail}: start `prelabel serve` with these settings (data_dir, port), or set public_url "
        "(PRELABEL_PUBLIC_URL) to where it runs"
    ),
)
ADDRESSES = Check(
    name="addresses",
    title=N_("addresses"),
    looks_at="Whether Label Studio may call this service: it refuses private addresses unless told otherwise.",
    wrong=("The service runs on loopback or a private network, and Label Studio has its own defaults.",),
    advice=N_(
        "Label Studio will not call private addresses. Start it with USE_DEFAULT_BANNED_SUBNETS=false "
        "USER_ADDITIONAL_BANNED_SUBNETS=169.254.0.0/16, or give Prelabel a public_url that it may call"
    ),
)
WEBHOOK = Check(
    name="webhook",
    title=N_("webhook"),
    looks_at="Whether Label Studio has exactly one active webhook to this service, with all events and the secret.",
    wrong=(
        "It was deleted or switched off, or there are two.",
        "Label Studio refused it when the project was connected.",
        "`public_url` changed since.",
    ),
    advice=N_("{problem}; run `prelabel doctor {project} --fix`"),
    fix="registers it anew",
)
MODEL_VERSION = Check(
    name="model_version",
    title=N_("version that annotators see"),
    looks_at="Whether the predictions that annotators see are those of the version that is pushed. A new version is "
    "given a few polls (`reconcile_s`); where no suggestions are shown, there is nothing to look at.",
    wrong=('Somebody chose another one, or "Connect Model" did.',),
    advice=N_(
        "annotators see predictions of {shown}, we push {pushed}: run `prelabel doctor {project} --fix`, or "
        "choose it in Settings > Annotation > Live predictions"
    ),
    fix="chooses the version that is pushed",
)
DEAD_ITEMS = Check(
    name="dead items",
    title=N_("dead items"),
    looks_at="Whether items were given up: they failed `max_attempts` times by their own fault, or Label Studio "
    "refused their prediction.",
    wrong=(
        "A picture is missing, or is none.",
        "An item takes the model longer than `scorer_timeout_s`.",
        "The label config changed, and Label Studio refuses what was predicted for the old one.",
    ),
    advice=N_("`prelabel dead {project}` says why; after mending it, `prelabel redrive {project}`"),
)
AUDITS = Check(
    name="audits",
    title=N_("audits"),
    looks_at="While the gate accepts: whether blind audits have waited for longer than `audit_due_s`.",
    wrong=("Nobody labels, or people open tasks themselves and leave out those without a suggestion.",),
    advice=N_("{overdue} audits are overdue, and the monitor waits for the oldest: they come first in the queue"),
)
PAUSED = Check(
    name="paused",
    title=N_("state of the project"),
    looks_at="Whether the project is paused.",
    wrong=("Its label config can no longer be used; items wait until it is mended in Label Studio.",),
    advice=N_("the project is paused: {reason}"),
)
CHECKS = (
    TOKEN,
    REACHABLE,
    ACCOUNT,
    VERSION,
    LABEL_CONFIG,
    SUGGESTIONS,
    SERVICE,
    ADDRESSES,
    WEBHOOK,
    MODEL_VERSION,
    DEAD_ITEMS,
    AUDITS,
    PAUSED,
)
"""In the order of the findings."""
