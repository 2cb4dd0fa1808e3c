"""Register of personal data that this room keeps: what for, on which ground, how long.

The page «个人信息清单», the export and a test read it. Bases are those of article 13 of the
Personal Information Protection Law: (2) contract with the person, (3) legal duty, (1) consent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yangbanjian.kernel.words import gettext_noop

CONTRACT: Final = gettext_noop("为订立、履行您作为一方的约定所必需（个人信息保护法第十三条第二项）")
DUTY: Final = gettext_noop("为履行法定义务所必需（个人信息保护法第十三条第三项）")
CONSENT: Final = gettext_noop("您的同意（个人信息保护法第十三条第一项）")
_SIGN_IN = gettext_noop("登录和找回账号")
_SECURITY = gettext_noop("保护账号安全，发现异常登录")
_TEAM = gettext_noop("确认您能代表哪个单位办事")
_CONTACT = gettext_noop("双方同意后互相联系")
_DISPLAY = gettext_noop("按您的习惯显示页面和发送通知")
_KEPT = gettext_noop("让您以后接着看、接着写")


@dataclass(frozen=True, slots=True)
class PersonalField:
    """One kind of personal data. `retention_days` counts from `since`; None: until erased.

    `columns` are `table.column`; `exported` is the key of the export that shows it ("" where it
    is a secret that even its owner isn't shown). `setting` names the site's setting that decides
    how long, where the operator does; `retention_days` is then its default.
    """

    label: str
    columns: tuple[str, ...]
    purpose: str
    basis: str
    retention_days: int | None
    exported: str = ""
    setting: str = ""


SIGN_IN_DAYS = 90
SESSION_DAYS = 14
INVITATION_DAYS = 30
UNCONFIRMED_DAYS = 7
LETTER_DAYS = 2
EMAIL_WANTED_DAYS = 2
IMPORT_FILE_DAYS = 30
NOTICE_DAYS = 365

PERSONAL_DATA: tuple[PersonalField, ...] = (
    PersonalField(
        gettext_noop("登录名"), ("people_person.username",), _SIGN_IN, CONTRACT, None, "person"
    ),
    PersonalField(
        gettext_noop("姓名"), ("people_person.name",), _CONTACT, CONTRACT, None, "person"
    ),
    PersonalField(
        gettext_noop("邮箱"), ("people_person.email",), _SIGN_IN, CONTRACT, None, "person"
    ),
    PersonalField(
        gettext_noop("等待确认的新邮箱"),
        ("people_person.email_wanted",),
        _SIGN_IN,
        CONTRACT,
        EMAIL_WANTED_DAYS,
        "person",
    ),
    PersonalField(
        gettext_noop("电话"), ("people_person.phone",), _CONTACT, CONSENT, None, "person"
    ),
    PersonalField(
        gettext_noop("语言和通知偏好"),
        ("people_person.language", "people_person.preferences"),
        _DISPLAY,
        CONTRACT,
        None,
        "person",
    ),
    PersonalField(
        gettext_noop("密码（只存散列值）"), ("people_person.password",), _SIGN_IN, CONTRACT, None
    ),
    PersonalField(
        gettext_noop("动态口令密钥和备用码（备用码只存散列值）"),
        ("people_person.totp_secret", "people_recovery_code.digest"),
        _SECURITY,
        CONTRACT,
        None,
    ),
    PersonalField(
        gettext_noop("单位、角色与起止时间"),
        ("people_membership.role", "people_membership.period"),
        _TEAM,
        CONTRACT,
        None,
        "memberships",
    ),
    PersonalField(
        gettext_noop("单位认领申请与说明"),
        ("people_claim.role", "people_claim.evidence", "people_claim.reason"),
        _TEAM,
        CONTRACT,
        None,
        "claims",
    ),
    PersonalField(
        gettext_noop("受邀加入单位的邮箱"),
        ("people_invitation.email",),
        _TEAM,
        CONTRACT,
        INVITATION_DAYS,
        "invitations",
    ),
    PersonalField(
        gettext_noop("登录记录（登录名散列值、地址、时间）"),
        ("people_sign_in.username_digest", "people_sign_in.address"),
        _SECURITY,
        DUTY,
        SIGN_IN_DAYS,
        "sign_ins",
    ),
    PersonalField(
        gettext_noop("已登录的设备（浏览器、地址、时间）"),
        ("people_browser_session.agent", "people_browser_session.address"),
        _SECURITY,
        CONTRACT,
        SESSION_DAYS,
        "sessions",
    ),
    PersonalField(
        gettext_noop("接口令牌（名称、前几位；令牌本身只存散列值）"),
        ("people_token.name", "people_token.prefix", "people_token.digest"),
        _SECURITY,
        CONTRACT,
        None,
        "tokens",
    ),
    PersonalField(
        gettext_noop("其他登录方式的身份标识"),
        ("people_identity.issuer", "people_identity.subject"),
        _SIGN_IN,
        CONSENT,
        None,
        "identities",
    ),
    PersonalField(
        gettext_noop("发信次数记录（邮箱散列值、地址）"),
        ("people_letter.address_digest", "people_letter.client_address"),
        _SECURITY,
        CONTRACT,
        LETTER_DAYS,
    ),
    PersonalField(
        gettext_noop("单位联系人"),
        (
            "people_organisation.contact_name",
            "people_organisation.contact_email",
            "people_organisation.contact_phone",
        ),
        _CONTACT,
        CONSENT,
        None,
        "memberships",
    ),
    PersonalField(
        gettext_noop("您在办事记录里写下的说明"),
        ("journal_remark.text",),
        gettext_noop("说明每一步为什么这样办"),
        CONTRACT,
        None,
        "entries",
    ),
    PersonalField(
        gettext_noop("发给您的消息（内容、读没读、什么时候寄出邮件）"),
        ("inbox_notice.params", "inbox_notice.read_at", "inbox_notice.mailed_at"),
        gettext_noop("把匹配、约谈、审核和到期告诉您；按您的选择也用邮件"),
        CONTRACT,
        NOTICE_DAYS,
        "notices",
    ),
    PersonalField(
        gettext_noop("您导入的文件和退回的行"),
        ("intake_import.file", "intake_import.report", "intake_import.problems"),
        gettext_noop("把表格里的记录收进来，并告诉您哪些行没有收"),
        CONTRACT,
        IMPORT_FILE_DAYS,
        "imports",
        "import_file_days",
    ),
    PersonalField(
        gettext_noop("您收藏的条目"),
        ("records_star.library", "records_star.record_id"),
        _KEPT,
        CONTRACT,
        None,
        "stars",
    ),
    PersonalField(
        gettext_noop("您订阅的筛选条件"),
        ("records_saved_search.name", "records_saved_search.query"),
        gettext_noop("有新条目时告诉您"),
        CONTRACT,
        None,
        "searches",
    ),
    PersonalField(
        gettext_noop("您还没有提交的表单草稿"),
        ("records_draft.content",),
        _KEPT,
        CONTRACT,
        None,
        "drafts",
    ),
)
