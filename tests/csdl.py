"""From CSDL XML to CSDL JSON, as the two standards say: an independent reading.

It knows only what the server writes, and fails at any element or attribute beyond.
"""

EDMX = "{http://docs.oasis-open.org/odata/ns/edmx}"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"

CONSTANTS = {
    "Bool": {"true": True, "false": False}.__getitem__,
    "Int": int,
    "String": str,
    "PropertyPath": str,
    "EnumMember": lambda text: ",".join(m.partition("/")[2] for m in text.split(" ")),
}


def as_csdl_json(edmx):
    *references, services = edmx
    [schema] = services
    namespace, alias = schema.attrib["Namespace"], schema.attrib["Alias"]
    content, targets = {"$Alias": alias}, {}
    for element in schema:
        if tag(element) == "Annotations":
            targets[element.attrib["Target"]] = annotations(element)
        elif tag(element) == "Function":
            content.setdefault(element.attrib["Name"], []).append(function(element))
        else:
            read = {
                "EntityType": entity_type,
                "EnumType": enum_type,
                "EntityContainer": container,
            }[tag(element)]
            content[element.attrib["Name"]] = read(element)
    [name] = [e.attrib["Name"] for e in schema if tag(e) == "EntityContainer"]
    return {
        "$Version": edmx.attrib["Version"],
        "$EntityContainer": f"{namespace}.{name}",
        "$Reference": dict(map(reference, references)),
        namespace: {**content, "$Annotations": targets},
    }


def tag(element):
    assert not (element.text or "").strip() or len(element) == 0
    return element.tag.removeprefix(EDM).removeprefix(EDMX)


def reference(element):
    [include] = element
    facts = {f"${name}": value for name, value in include.attrib.items()}
    return element.attrib["Uri"].replace(".xml", ".json"), {"$Include": [facts]}


def type_of(element):
    name = element.attrib["Type"]
    if name.startswith("Collection("):
        return {"$Collection": True, "$Type": name[len("Collection(") : -1]}
    return {} if name == "Edm.String" else {"$Type": name}


def entity_type(element):
    found = {"$Kind": "EntityType", **annotations(element)}
    for name in {*element.attrib} - {"Name"}:
        value = element.attrib[name]
        found[f"${name}"] = {"true": True}.get(value, value)
    for child in element:
        if tag(child) == "Key":
            found["$Key"] = [part.attrib["Name"] for part in child]
        elif tag(child) == "Property":
            found[child.attrib["Name"]] = structural(child)
        elif tag(child) == "NavigationProperty":
            assert child.attrib["ContainsTarget"] == "true"
            found[child.attrib["Name"]] = {
                "$Kind": "NavigationProperty",
                **type_of(child),
                "$ContainsTarget": True,
                **annotations(child),
            }
        else:
            assert tag(child) == "Annotation"
    return found


def structural(element):
    facts = {f"${n}": int(v) for n, v in element.attrib.items() if v.isdigit()}
    # Absence means nullable in XML, and not nullable in JSON.
    nullable = {} if element.attrib.get("Nullable") == "false" else {"$Nullable": True}
    return {**type_of(element), **nullable, **facts, **annotations(element)}


def enum_type(element):
    found = {"$Kind": "EnumType"}
    for member in element:
        name = member.attrib["Name"]
        found[name] = int(member.attrib["Value"])
        found |= {f"{name}{term}": v for term, v in annotations(member).items()}
    return found


def function(element):
    assert element.attrib["IsBound"] == "true"
    parameter, returned = element
    named = {"$Name": parameter.attrib["Name"], **type_of(parameter)}
    return {
        "$Kind": "Function",
        "$IsBound": True,
        "$Parameter": [named],
        "$ReturnType": type_of(returned),
    }


def container(element):
    singletons = {
        child.attrib["Name"]: {**type_of(child), **annotations(child)}
        for child in element
        if tag(child) == "Singleton"
    }
    return {"$Kind": "EntityContainer", **singletons, **annotations(element)}


def annotations(element):
    found = [child for child in element if tag(child) == "Annotation"]
    pairs = {f"@{child.attrib['Term']}": value_of(child) for child in found}
    assert len(pairs) == len(found), "a term is there twice"
    return pairs


def value_of(element):
    """Return the value inside an element, or in its one attribute that is a value."""
    stated = [name for name in element.attrib if name in CONSTANTS]
    if stated:
        [name] = stated
        assert len(element) == 0
        return CONSTANTS[name](element.attrib[name])
    [child] = element
    return expression(child)


def expression(element):
    if tag(element) == "Collection":
        return [expression(child) for child in element]
    if tag(element) == "Record":
        values = [child for child in element if tag(child) == "PropertyValue"]
        named = {child.attrib["Property"]: value_of(child) for child in values}
        return {**named, **annotations(element)}
    return CONSTANTS[tag(element)](element.text)
