from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("searches", "0007_balanced_accuracy")]

    operations = [
        migrations.AddField("search", "comparison", models.JSONField(blank=True, null=True)),
    ]
