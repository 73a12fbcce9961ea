from django.contrib import admin
from django.urls import include, path
from shelves import views

urlpatterns = [
    path("", views.BookList.as_view(), name="books"),
    path("books/<int:pk>/", views.BookDetail.as_view(), name="book"),
    path("loans/", views.loans, name="loans"),
    path("suggest/", views.Suggest.as_view(), name="suggest"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
]
