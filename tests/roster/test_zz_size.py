from __future__ import annotations
import time, random
from datetime import date, time as t
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from apps.accounts.choices import Role
from apps.roster.models import *
from tests.factories import *
from tests.support.people import signed_in
from tests.roster.shown_form import shown_form, sending
pytestmark = pytest.mark.db
def test_size():
    sites=[SiteFactory.create() for _ in range(186)]
    people=[RadiologistFactory.create(id=f"P{i}",specialties=["neuroradiology"]) for i in range(200)]
    rnd=random.Random(1)
    shifts=[ShiftFactory.create(code=f"S{i}",all_sites=False,start_local=t(rnd.randrange(24)),end_local=t(rnd.randrange(24))) for i in range(500)]
    for s in shifts:
        ShiftWorkType.objects.create(shift=s,modality=rnd.choice(["CT","MR","US"]))
        ShiftSite.objects.bulk_create([ShiftSite(shift=s,site=x) for x in rnd.sample(sites,5)])
        for p in rnd.sample(people,3): RosterAssignment.objects.create(shift=s,radiologist=p,start_date=date(2026,1,1))
    c=signed_in(Role.MANAGER)
    def go(a,f=None):
        f=f or (lambda: c.get(a))
        f(); best=[]
        for _ in range(3):
            b=time.process_time(); f(); best.append((time.process_time()-b)*1000)
        with CaptureQueriesContext(connection) as q: f()
        print(f"{a:40} {sorted(best)[1]:7.1f} ms  max {max(best):.0f}  {len(q)} queries", flush=True)
    for a in ("/shifts/","/shifts/?state=running","/shifts/?state=bare&site=%d&q=S"%sites[0].pk,f"/shifts/{shifts[0].pk}/",f"/shifts/{shifts[0].pk}/edit/","/shifts/new/","/radiologists/","/radiologists/?state=on_shift","/radiologists/P0/","/radiologists/P0/edit/"): go(a)
    e=f"/shifts/{shifts[0].pk}/edit/"; form=sending(shown_form(c,e),preview="1",is_active=None)
    go(e+" preview off", lambda: c.post(e,form))
    e2="/radiologists/P0/edit/"; f2=sending(shown_form(c,e2),preview="1",is_active=None)
    go(e2+" preview off", lambda: c.post(e2,f2))
    import cProfile,pstats
    for f in (lambda: c.get("/shifts/"), lambda: c.get("/radiologists/"), lambda: c.post(e,form), lambda: c.post(e2,f2), lambda: c.get(e), lambda: c.get("/radiologists/P0/edit/")):
        pr=cProfile.Profile(); pr.enable(); f(); pr.disable()
        pstats.Stats(pr).sort_stats("cumtime").print_stats("apps/|render|prefetch", 28)
    assert 0
