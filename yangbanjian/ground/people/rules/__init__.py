"""Words of the people room: kinds, states, who counts as what."""

from __future__ import annotations

from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.words import gettext_noop

ORGANISATION_KINDS = {
    "enterprise": gettext_noop("企业"),
    "university": gettext_noop("高校"),
    "institute": gettext_noop("科研院所"),
    "hospital": gettext_noop("医院"),
    "society": gettext_noop("学会协会"),
    "agency": gettext_noop("服务机构"),
    "investor": gettext_noop("投资机构"),
    "broker": gettext_noop("技术券商"),
    "exchange": gettext_noop("交易机构"),
    "authority": gettext_noop("主管部门"),
}
PUBLIC_UNITS = frozenset({"university", "institute", "hospital"})

ROLE_LABELS = {
    Role.OPERATOR: gettext_noop("运营人员"),
    Role.BROKER: gettext_noop("技术经理人"),
    Role.TTO: gettext_noop("成果转化人员"),
    Role.ENTERPRISE: gettext_noop("企业人员"),
    Role.EXPERT: gettext_noop("专家"),
    Role.EXCHANGE: gettext_noop("交易机构人员"),
    Role.AUDITOR: gettext_noop("审计人员"),
}
# Which roles an organisation of a kind can give to its people.
ROLES_OF_KIND = {
    "enterprise": (Role.ENTERPRISE, Role.EXPERT),
    "university": (Role.TTO, Role.EXPERT),
    "institute": (Role.TTO, Role.EXPERT),
    "hospital": (Role.TTO, Role.EXPERT),
    "society": (Role.BROKER, Role.EXPERT),
    "agency": (Role.BROKER, Role.EXPERT),
    "investor": (Role.ENTERPRISE,),
    "broker": (Role.BROKER, Role.EXPERT),
    "exchange": (Role.EXCHANGE,),
    "authority": (Role.OPERATOR, Role.AUDITOR),
}
# Where somebody with the role belongs when no organisation is named.
HOME_OF_ROLE = {
    Role.OPERATOR: "authority",
    Role.AUDITOR: "authority",
    Role.BROKER: "broker",
    Role.TTO: "university",
    Role.EXPERT: "university",
    Role.ENTERPRISE: "enterprise",
    Role.EXCHANGE: "exchange",
}
# These see or decide about everybody's records: outside the sandbox they sign in with a second
# factor.
SECOND_FACTOR_ROLES = frozenset({Role.OPERATOR, Role.EXCHANGE})

ORGANISATION_STATES = ("claimed", "verified", "suspended")
TAG_KINDS = ("industry", "field", "chain")
TAG_SOURCES = ("stated", "demands", "broker")

LANGUAGES = ("zh-hans", "zh-hant", "en")
# What a person wants to be told by e-mail, besides the inbox. The first is the default.
MAIL_CHOICES = {
    "daily": gettext_noop("要我处理的及时发，其余每天一封"),
    "at_once": gettext_noop("有新消息就发"),
    "answer": gettext_noop("只发要我处理的"),
    "nothing": gettext_noop("不发邮件"),
}
DEFAULT_MAIL = next(iter(MAIL_CHOICES))
# Roles that somebody who registers an organisation holds at once; the others see what belongs to
# others, and wait for the operator.
ROLES_AT_ONCE = frozenset({Role.ENTERPRISE, Role.TTO, Role.EXPERT})
# Kinds that nobody but the operator brings in.
KINDS_BY_OPERATOR = frozenset({"authority", "exchange"})
CLAIM_STATES = {
    "pending": gettext_noop("待审核"),
    "approved": gettext_noop("已通过"),
    "refused": gettext_noop("未通过"),
}
STATE_LABELS = {
    "claimed": gettext_noop("未核实"),
    "verified": gettext_noop("已核实"),
    "suspended": gettext_noop("已停用"),
}
SOURCE_LABELS = {
    "stated": gettext_noop("本单位填写"),
    "demands": gettext_noop("来自需求"),
    "broker": gettext_noop("经理人确认"),
}
TAG_LABELS = {
    "industry": gettext_noop("行业"),
    "field": gettext_noop("领域"),
    "chain": gettext_noop("产业链"),
}
