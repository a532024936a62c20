import datetime as dt

from mentormatch.background import periodic
from mentormatch.idempotency import services

forget_old = periodic(every=dt.timedelta(hours=1))(services.forget_old)
