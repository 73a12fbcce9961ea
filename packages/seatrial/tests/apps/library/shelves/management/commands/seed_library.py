from django.contrib.auth.models import User
from django.core.management.base import BaseCommand

from shelves.models import Book, Loan


class Command(BaseCommand):
    help = "Fills in books, loans and a reader."

    def handle(self, *args, **options):
        reader = User.objects.create_user("reader", "reader@example.org", "a-quiet-room")
        books = Book.objects.bulk_create(Book(title=f"Book {n}", author=f"Author {n % 50}") for n in range(1000))
        Loan.objects.bulk_create(Loan(book=book, reader=reader) for book in books[:10])
