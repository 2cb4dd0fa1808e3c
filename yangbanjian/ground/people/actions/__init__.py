"""The verbs of this room, one module a topic."""

from yangbanjian.ground.people.actions.accounts import (
    Created,
    change_profile,
    create_user,
    reinstate_person,
    set_preferences,
    suspend_person,
)
from yangbanjian.ground.people.actions.claims import claim_organisation, decide_claim
from yangbanjian.ground.people.actions.emails import (
    ask_email_change,
    confirm_email_change,
    read_email_change,
)
from yangbanjian.ground.people.actions.identities import (
    link_identity,
    prove_owner,
    unlink_identity,
)
from yangbanjian.ground.people.actions.invitations import (
    Welcome,
    accept_invitation,
    invite,
    join_by_invitation,
    look_at_invitation,
    withdraw_invitation,
)
from yangbanjian.ground.people.actions.mail_choices import choose_mail, read_mail_choice
from yangbanjian.ground.people.actions.memberships import add_membership, end_membership
from yangbanjian.ground.people.actions.organisations import (
    add_organisation,
    change_organisation,
    confirm_tag,
    locked,
    note_tags_of_demands,
    reinstate_organisation,
    set_stated_tags,
    suspend_organisation,
    verify_organisation,
)
from yangbanjian.ground.people.actions.passwords import ask_reset, change_password, reset_password
from yangbanjian.ground.people.actions.privacy import erase, export_my_data
from yangbanjian.ground.people.actions.registration import (
    confirm_email,
    read_confirmation,
    register,
)
from yangbanjian.ground.people.actions.second_factor import (
    Setup,
    begin_second_factor,
    check_second_factor,
    confirm_second_factor,
    end_second_factor,
    new_recovery_codes,
)
from yangbanjian.ground.people.actions.sessions import (
    choose_organisation,
    end_all_sessions,
    end_session,
    open_session,
    see_session,
    sign_out,
)
from yangbanjian.ground.people.actions.signing_in import Opening, sign_in, sign_in_by_identity
from yangbanjian.ground.people.actions.tokens import create_token, revoke_token, use_token

__all__ = [
    "Created",
    "Opening",
    "Setup",
    "Welcome",
    "accept_invitation",
    "add_membership",
    "add_organisation",
    "ask_email_change",
    "ask_reset",
    "begin_second_factor",
    "change_organisation",
    "change_password",
    "change_profile",
    "check_second_factor",
    "choose_mail",
    "choose_organisation",
    "claim_organisation",
    "confirm_email",
    "confirm_email_change",
    "confirm_second_factor",
    "confirm_tag",
    "create_token",
    "create_user",
    "decide_claim",
    "end_all_sessions",
    "end_membership",
    "end_second_factor",
    "end_session",
    "erase",
    "export_my_data",
    "invite",
    "join_by_invitation",
    "link_identity",
    "locked",
    "look_at_invitation",
    "new_recovery_codes",
    "note_tags_of_demands",
    "open_session",
    "prove_owner",
    "read_confirmation",
    "read_email_change",
    "read_mail_choice",
    "register",
    "reinstate_organisation",
    "reinstate_person",
    "reset_password",
    "revoke_token",
    "see_session",
    "set_preferences",
    "set_stated_tags",
    "sign_in",
    "sign_in_by_identity",
    "sign_out",
    "suspend_organisation",
    "suspend_person",
    "unlink_identity",
    "use_token",
    "verify_organisation",
    "withdraw_invitation",
]
