from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("trainings", "0003_start_networks")]

    operations = [
        migrations.AddField("training", name, models.FloatField(blank=True, null=True))
        for name in ("balanced_accuracy", "last_gain")
    ]
