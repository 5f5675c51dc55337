"""The addresses of links in messages, which need no sign-in."""

from django.urls import path

from notifications.links.pages import acknowledge, unsubscribe

urlpatterns = [
    path("acknowledge/<str:token>/", acknowledge, name="link-acknowledge"),
    path("unsubscribe/<str:token>/", unsubscribe, name="link-unsubscribe"),
]
