"""The addresses of people, their links, and what the office prints."""

from django.urls import path

from circletime.pages.views import households, papers, people, people_classes, pupils, staff

urlpatterns = [
    path("people/", people.index, name="people"),
    path("people/classes/new", people.class_new, name="people-class-new"),
    path("people/classes/<int:pk>/", people_classes.show, name="people-class"),
    path("people/classes/<int:pk>/letters", papers.letters, name="people-class-letters"),
    path("people/groups/<int:pk>/", people_classes.group, name="people-group"),
    path("people/children/new", pupils.new, name="people-pupil-new"),
    path("people/children/<int:pk>/", pupils.show, name="people-pupil"),
    path("people/households/new", people.household_new, name="people-household-new"),
    path("people/households/<int:pk>/", households.show, name="people-household"),
    path("people/households/<int:pk>/letter", papers.letter, name="people-letter"),
    path("people/households/<int:pk>/link", households.link, name="people-link"),
    path(
        "people/households/<int:pk>/links/<str:link_id>/burn", households.link_burn, name="people-link-burn"
    ),
    path("people/adults/<int:pk>/", households.adult, name="people-adult"),
    path("people/staff/", staff.index, name="people-staff"),
    path("people/staff/new", staff.new, name="people-staff-new"),
    path("people/staff/<int:pk>/", staff.show, name="people-staff-one"),
    path("classes/cards.pdf", papers.all_cards, name="cards-all"),
    path("classes/<int:pk>/cards.pdf", papers.cards, name="cards"),
]
