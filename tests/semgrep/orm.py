# What .semgrep/orm.yaml finds and what it lets pass; `semgrep --test` compares.


def keywords(request, records, Q, models):
    # ruleid: orm-keywords
    records.filter(**request.GET)
    # ruleid: orm-keywords
    records.filter(version=1, **request.GET.dict())
    # ruleid: orm-keywords
    records.exclude(**{f"{request.GET['name']}__gt": 0})
    # ruleid: orm-keywords
    records.annotate(**request.data)
    # ruleid: orm-keywords
    records.objects.update_or_create(id=1, **request.data)
    # ruleid: orm-keywords
    records.objects.acreate(**request.data)
    # ruleid: orm-keywords
    records.filter(Q(**request.GET))
    # ruleid: orm-keywords
    records.filter(~models.Q(**request.GET) | models.Q(pk=1))
    # ruleid: orm-keywords
    get_object_or_404(records, **request.GET)
    # ok: orm-keywords
    records.filter(pk=request.GET["id"])
    # ok: orm-keywords
    client.get("/beta", **headers)
    # ok: orm-keywords
    headers.update({**request.headers})


def models_of_data(self, data):
    # ruleid: orm-model-from-data
    self.Meta.model(**data)
    # ruleid: orm-model-from-data
    Meta.model(id=1, **data)
    # ruleid: orm-model-from-data
    State(**data)
    # ok: orm-model-from-data
    State(id=data["id"])
    # ok: orm-model-from-data
    Line(**data)


def names(request, records, column, order):
    # ruleid: orm-names
    records.order_by(*request.GET.getlist("o"))
    # ruleid: orm-names
    records.order_by(order)
    # ruleid: orm-names
    records.order_by(f"-{order}")
    # ruleid: orm-names
    records.order_by("-" + order)
    # ruleid: orm-names
    records.order_by(request.GET["order"])
    # ruleid: orm-names
    records.order_by(request.GET.get("order"))
    # ruleid: orm-names
    records.order_by(order.lower(), "id")
    # ruleid: orm-names
    records.order_by("-id", order)
    # ruleid: orm-names
    records.values_list("id", request.data["column"], flat=True)
    # ruleid: orm-names
    records.order_by(sortBy)
    # ruleid: orm-names
    records.in_bulk([1], field_name=column)
    # ruleid: orm-names
    F(request.GET["column"])
    # ruleid: orm-names
    Q((request.GET["column"], 1))
    # ruleid: orm-names
    Q(*request.GET.items())
    # ruleid: orm-names
    records.values_list("id", *order)
    # ruleid: orm-names
    records.values(column)
    # ruleid: orm-names
    records.only(*order)
    # ruleid: orm-names
    F(column)
    # ruleid: orm-names
    models.F(request.column)
    # ruleid: orm-names
    Q((column, 1))
    # ruleid: orm-names
    Q((f"{column}__gt", 1))
    # ruleid: orm-names
    Upper(column)
    # ok: orm-names
    records.order_by("-id")
    # ok: orm-names
    records.order_by(F("name").desc(), Lower("name"), "-id")
    # ok: orm-names
    records.order_by("id", *NEWEST_FIRST)
    # ok: orm-names
    records.order_by(*NEWEST_FIRST)
    # ok: orm-names
    records.values_list(*COLUMNS)
    # ok: orm-names
    F("id")
    # ok: orm-names
    Q(("id", column))
    # ok: orm-names
    Upper(Value(column))
    # ok: orm-names
    shares.values()


def attributes(record, name, value):
    # ruleid: orm-attribute-from-data
    setattr(record, name, value)
    # ruleid: orm-attribute-from-data
    setattr(record, f"{name}_id", value)
    # ok: orm-attribute-from-data
    setattr(record, "updated_at", value)
    # ok: orm-attribute-from-data
    record.updated_at = value
