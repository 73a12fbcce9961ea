from django.contrib import admin

from .models import Book, Loan

admin.site.register(Book)
admin.site.register(Loan)
