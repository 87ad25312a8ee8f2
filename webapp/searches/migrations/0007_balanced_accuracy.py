from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("searches", "0006_stored_once")]

    operations = [
        migrations.AddField("trial", "balanced_accuracy", models.FloatField(blank=True, null=True))
    ]
