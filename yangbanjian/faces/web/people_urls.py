"""Addresses of accounts and organisations."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from yangbanjian.faces.web import (
    organisations_desk,
    organisations_lists,
    people,
    people_desk,
    people_provider,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("login", people.sign_in, name="login"),
    path("login/second", people.second_step, name="login_second"),
    path("login/provider", people_provider.begin, name="login_provider"),
    path("login/provider/back", people_provider.back, name="login_provider_back"),
    path("logout", people.sign_out, name="logout"),
    path("register", people.register, name="register"),
    path("register/sent", people.sent, {"kind": "register"}, name="register_sent"),
    path("register/confirm/<str:signed>", people.confirm, name="register_confirm"),
    path("email/confirm/<str:signed>", people.confirm_new_email, name="email_confirm"),
    path("mail/<str:signed>", people.mail_choice, name="mail_choice"),
    path("password/forgot", people.forgot, name="password_forgot"),
    path("password/sent", people.sent, {"kind": "password"}, name="password_sent"),
    path("password/reset/<str:uid>/<str:token>", people.reset, name="password_reset"),
    path("invitations/<str:secret>", people.invitation, name="invitation"),
    path("desk/account", people_desk.account, name="account"),
    path("desk/account/security", people_desk.security, name="account_security"),
    path("desk/account/data", people_desk.own_data, name="account_data"),
    path("desk/act-for", people_desk.choose_organisation, name="act_for"),
    path("desk/organisation", organisations_desk.own_organisation, name="own_organisation"),
    path("desk/organisations", organisations_lists.all_organisations, name="all_organisations"),
    path(
        "desk/organisations/<int:organisation_id>",
        organisations_desk.one_organisation,
        name="one_organisation",
    ),
    path("desk/people", organisations_lists.all_people, name="all_people"),
]
