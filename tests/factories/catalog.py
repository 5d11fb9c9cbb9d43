from __future__ import annotations

import factory

from apps.catalog.models import Cluster, Procedure, Site


class ClusterFactory(factory.django.DjangoModelFactory[Cluster]):
    class Meta:
        model = Cluster

    code = factory.Sequence(lambda n: f"CLUSTER{n}")
    name = factory.LazyAttribute(lambda row: row.code.title())


class SiteFactory(factory.django.DjangoModelFactory[Site]):
    class Meta:
        model = Site

    code = factory.Sequence(lambda n: f"SITE{n}")
    name = factory.LazyAttribute(lambda row: row.code.title())
    cluster = factory.SubFactory(ClusterFactory)
    time_zone = "Australia/Brisbane"


class ProcedureFactory(factory.django.DjangoModelFactory[Procedure]):
    class Meta:
        model = Procedure

    code = factory.Sequence(lambda n: f"PROC{n}")
    description = "MRI knee"
    modality = "MR"
    body_part = "KNEE"
