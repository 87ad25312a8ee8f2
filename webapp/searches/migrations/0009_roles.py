from django.db import migrations, models

ROLES = [(role, role) for role in ("child", "control", "confirmation")]


class Migration(migrations.Migration):
    dependencies = [("searches", "0008_comparison")]

    operations = [
        migrations.AddField("search", "others_ended", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "trial", "role", models.CharField(choices=ROLES, default="child", max_length=12)
        ),
        migrations.AddField("trial", "repeats", models.PositiveIntegerField(default=0)),
        migrations.AddField("trial", "parent", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "trial", "move", models.CharField(blank=True, default="", max_length=10)
        ),
    ]
