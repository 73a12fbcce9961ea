from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.generic import CreateView, DetailView, ListView

from .models import Book, Loan


class BookList(ListView):
    model = Book
    paginate_by = 20
    ordering = "title"


class BookDetail(DetailView):
    model = Book


class Suggest(CreateView):
    model = Book
    fields = ["title", "author"]
    success_url = "/"


@login_required
def loans(request):
    found = Loan.objects.filter(reader=request.user).select_related("book")
    return render(request, "shelves/loans.html", {"loans": found})
