/*
 * pack_read -- a pack from its JSON, whole and checked, or not at all.
 */
#include "fieldkit/pack.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/shape.h"
#include "sync/base/lang.h"

#define CLASSES "NIDSCT"
#define GENERATED 8		/* characters of "crockford8" */

static const struct rule pack_rules[] = {
	{ "pack", true, SHAPE_TEXT }, { "version", true, SHAPE_TEXT },
	{ "lists", false, SHAPE_OBJECT }, { "types", true, SHAPE_LIST },
	SHAPE_END
};
static const struct rule type_rules[] = {
	{ "type", true, SHAPE_TEXT },
	{ "nl", true, SHAPE_TEXT }, { "en", true, SHAPE_TEXT },
	{ "fields", true, SHAPE_LIST }, SHAPE_END
};
static const struct rule field_rules[] = {
	{ "field", true, SHAPE_TEXT },
	{ "nl", true, SHAPE_TEXT }, { "en", true, SHAPE_TEXT },
	{ "form", true, SHAPE_TEXT }, { "kind", false, SHAPE_TEXT },
	{ "compartment", true, SHAPE_TEXT }, { "class", true, SHAPE_TEXT },
	{ "required", false, SHAPE_BOOL }, { "generate", false, SHAPE_TEXT },
	{ "min", false, SHAPE_INT }, { "max", false, SHAPE_INT },
	{ "values", false, SHAPE_NAMED }, { "not_above", false, SHAPE_TEXT },
	{ "hint_nl", false, SHAPE_TEXT }, { "hint_en", false, SHAPE_TEXT },
	SHAPE_END
};
static const struct rule value_rules[] = {
	{ "code", true, SHAPE_TEXT },
	{ "nl", true, SHAPE_TEXT }, { "en", true, SHAPE_TEXT },
	{ "class", false, SHAPE_TEXT }, { "cluster", false, SHAPE_TEXT },
	{ "hint_nl", false, SHAPE_TEXT }, { "hint_en", false, SHAPE_TEXT },
	SHAPE_END
};

static fault
take_class(struct reading *r, char **out, const struct json *from)
{
	const struct json *j = json_get(from, "class");
	struct bytes s;
	bool ok;

	if (j == NULL)
		return NULL;
	s = json_text(j);
	ok = s.len >= 1;
	for (size_t i = 0; i < s.len; i++)
		ok = ok && strchr(CLASSES, s.at[i]) != NULL &&
		    memchr(s.at, s.at[i], i) == NULL &&
		    (s.at[i] != 'N' || s.len == 1);
	if (!ok)
		return shape_at(r, j, fault_new(FAULT_INVALID, "class: must be"
		    " N alone, or letters of I D S C T, each once"));
	*out = bytes_dup(s);
	return NULL;
}

static fault
take_labels(struct reading *r, const struct json *from, char **nl, char **en)
{
	fault f;

	if ((f = shape_text(r, nl, from, "nl", PACK_LABEL_MAX)) != NULL)
		return f;
	return shape_text(r, en, from, "en", PACK_LABEL_MAX);
}

static fault
take_hints(struct reading *r, const struct json *from, char **nl, char **en)
{
	fault f;

	if ((f = shape_text(r, nl, from, "hint_nl", PACK_HINT_MAX)) != NULL ||
	    (f = shape_text(r, en, from, "hint_en", PACK_HINT_MAX)) != NULL)
		return f;
	if ((*nl == NULL) != (*en == NULL))
		return shape_at(r, from, fault_new(FAULT_INVALID,
		    "hint_nl and hint_en: both or neither"));
	return NULL;
}

static fault
read_value(struct reading *r, struct pack_list *l, const struct json *j)
{
	struct pack_value *v = &l->values[l->nvalues++];
	fault f;

	if ((f = shape_check(r, j, value_rules)) != NULL ||
	    (f = shape_code(r, &v->code, j, "code", PACK_CODE_MAX)) != NULL ||
	    (f = take_labels(r, j, &v->nl, &v->en)) != NULL ||
	    (f = take_class(r, &v->class, j)) != NULL ||
	    (f = shape_text(r, &v->cluster, j, "cluster",
	    PACK_CODE_MAX)) != NULL ||
	    (f = take_hints(r, j, &v->hint_nl, &v->hint_en)) != NULL)
		return f;
	for (const struct pack_value *o = l->values; o < v; o++)
		if (strcmp(o->code, v->code) == 0)
			return shape_at(r, j, fault_new(FAULT_INVALID,
			    "the code %s stands here twice", v->code));
	return NULL;
}

/* Appends to the pack's lists; name NULL for one inside a field. */
static fault
read_list(struct reading *r, struct pack *p, const struct json *j,
    const char *name)
{
	struct pack_list *l;
	fault f;

	if ((f = shape_count(r, j, PACK_VALUES_MAX)) != NULL)
		return f;
	p->lists = mem_grow(p->lists, (p->nlists + 1) * sizeof *p->lists);
	l = &p->lists[p->nlists++];
	*l = (struct pack_list){ NULL, NULL, 0 };
	l->name = name == NULL ? NULL : mem_text(name);
	l->values = mem_new(json_count(j) * sizeof *l->values);
	for (size_t i = 0; i < json_count(j); i++)
		if ((f = read_value(r, l, json_at(j, i))) != NULL)
			return f;
	return NULL;
}

static fault
read_lists(struct reading *r, struct pack *p, const struct json *lists)
{
	const struct json *j;
	const char *name;
	fault f;

	if (lists == NULL)
		return NULL;
	if ((f = shape_count(r, lists, PACK_LISTS_MAX)) != NULL)
		return f;
	for (size_t i = 0; (j = json_member(lists, i, &name)) != NULL; i++) {
		if ((f = shape_name_check(r, j, bytes_of(name))) != NULL)
			return f;
		if (json_type(j) != JSON_LIST)
			return shape_at(r, j, fault_new(FAULT_INVALID,
			    "%s: must be %s", name, say("a list")));
		if ((f = read_list(r, p, j, name)) != NULL)
			return fault_while(f, "list %s", name);
	}
	return NULL;
}

static const struct pack_list *
list_named(const struct pack *p, struct bytes name)
{
	for (size_t i = 0; i < p->nlists; i++)
		if (p->lists[i].name != NULL &&
		    bytes_is(name, p->lists[i].name))
			return &p->lists[i];
	return NULL;
}

static fault
take_values(struct reading *r, struct pack *p, struct pack_field *to,
    const struct json *from)
{
	const struct json *j = json_get(from, "values");
	const struct pack_list *l;
	fault f;

	if ((to->form == FORM_CODE) != (j != NULL))
		return shape_at(r, j != NULL ? j : from,
		    fault_new(FAULT_INVALID, "values: belongs to the form code,"
		    " and to no other"));
	if (j == NULL)
		return NULL;
	if (json_type(j) == JSON_TEXT) {
		if ((l = list_named(p, json_text(j))) == NULL)
			return shape_at(r, j, fault_new(FAULT_INVALID,
			    "values: the pack has no such list"));
	} else {
		if ((f = read_list(r, p, j, NULL)) != NULL)
			return f;
		l = &p->lists[p->nlists - 1];
	}
	to->values = l->values;
	to->nvalues = l->nvalues;
	return NULL;
}

static fault
take_range(struct reading *r, struct pack_field *to, const struct json *from)
{
	const struct json *min = json_get(from, "min");
	const struct json *max = json_get(from, "max");
	bool text = to->form == FORM_TEXT;
	int64_t least = text ? 1 : -FIELD_INT_MAX;
	int64_t most = text ? FIELD_TEXT_MAX : FIELD_INT_MAX;

	if ((min != NULL || max != NULL) && !text && to->form != FORM_INT)
		return shape_at(r, min != NULL ? min : max,
		    fault_new(FAULT_INVALID, "min and max: belong to the"
		    " forms text and int"));
	to->min = min != NULL ? json_int(min) : least;
	to->max = max != NULL ? json_int(max) :
	    text ? FIELD_TEXT_USUAL : most;
	if (to->min < least || to->max > most || to->min > to->max)
		return shape_at(r, max != NULL ? max : min,
		    fault_new(FAULT_INVALID, "min and max: must be in"
		    " order, from %lld to %lld", (long long)least,
		    (long long)most));
	return NULL;
}

static fault
take_generate(struct reading *r, struct pack_field *to,
    const struct json *from)
{
	const struct json *j = json_get(from, "generate");

	if (j == NULL)
		return NULL;
	if (!bytes_is(json_text(j), "crockford8") || to->form != FORM_TEXT ||
	    to->kind != KIND_VALUE || to->min > GENERATED ||
	    to->max < GENERATED)
		return shape_at(r, j, fault_new(FAULT_INVALID, "generate: only"
		    " crockford8, for a text value of 8 characters"));
	to->generate = bytes_dup(json_text(j));
	return NULL;
}

static fault
take_form(struct reading *r, struct pack_field *to, const struct json *from)
{
	const struct json *form = json_get(from, "form");
	const struct json *kind = json_get(from, "kind");

	if (!form_parse(&to->form, (const char *)json_text(form).at))
		return shape_at(r, form, fault_new(FAULT_INVALID, "form: must"
		    " be one of: text, int, bool, date, code, place, id"));
	if (kind != NULL && bytes_is(json_text(kind), "set"))
		to->kind = KIND_SET;
	else if (kind != NULL && !bytes_is(json_text(kind), "value"))
		return shape_at(r, kind, fault_new(FAULT_INVALID,
		    "kind: must be value or set"));
	return NULL;
}

/* Fields hold values, and the ledger holds none. */
static fault
take_comp(struct reading *r, struct pack_field *to, const struct json *from)
{
	const struct json *j = json_get(from, "compartment");
	fault f;

	if (!comp_parse(&to->comp, (const char *)json_text(j).at) ||
	    to->comp == COMP_LEDGER)
		return shape_at(r, j, fault_new(FAULT_INVALID, "compartment:"
		    " must be one of: team, identity, restricted"));
	if ((f = take_class(r, &to->class, from)) != NULL)
		return f;
	if (to->comp == COMP_TEAM && strchr(to->class, 'D') != NULL)
		return shape_at(r, j, fault_new(FAULT_INVALID, "compartment:"
		    " direct identifiers (class D) do not belong in team"));
	return NULL;
}

/* Names that mean something to the program itself. */
static fault
check_free(struct reading *r, const struct json *j, const char *name)
{
	static const char *const taken[] = { "withdrawn", "reason", "id",
	    "type" };

	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (strcmp(taken[i], name) == 0)
			return shape_at(r, j, fault_new(FAULT_INVALID,
			    "%s is a reserved name", name));
	return NULL;
}

static fault
read_field_body(struct reading *r, struct pack *p, struct pack_field *to,
    const struct json *j)
{
	const struct json *required = json_get(j, "required");
	fault f;

	if ((f = take_labels(r, j, &to->nl, &to->en)) != NULL ||
	    (f = take_hints(r, j, &to->hint_nl, &to->hint_en)) != NULL ||
	    (f = take_form(r, to, j)) != NULL ||
	    (f = take_comp(r, to, j)) != NULL ||
	    (f = take_range(r, to, j)) != NULL ||
	    (f = take_values(r, p, to, j)) != NULL)
		return f;
	if (json_get(j, "not_above") != NULL &&
	    (f = shape_name(r, &to->not_above, j, "not_above")) != NULL)
		return f;
	to->required = required != NULL && json_bool(required);
	return take_generate(r, to, j);
}

static fault
read_field(struct reading *r, struct pack *p, struct pack_type *t,
    const struct json *j)
{
	struct pack_field *to = &t->fields[t->nfields++];
	fault f;

	if ((f = shape_check(r, j, field_rules)) != NULL ||
	    (f = shape_name(r, &to->name, j, "field")) != NULL ||
	    (f = check_free(r, json_get(j, "field"), to->name)) != NULL)
		return f;
	for (const struct pack_field *o = t->fields; o < to; o++)
		if (strcmp(o->name, to->name) == 0)
			return shape_at(r, j, fault_new(FAULT_INVALID,
			    "the field %s stands here twice", to->name));
	return fault_while(read_field_body(r, p, to, j), "field %s",
	    to->name);
}

/* The other may stand behind it, so when all fields have been read. */
static fault
check_not_above(struct reading *r, const struct pack_type *t,
    const struct pack_field *low, const struct json *j)
{
	const struct pack_field *high;

	if (low->not_above == NULL)
		return NULL;
	high = pack_field(t, bytes_of(low->not_above));
	if (high != NULL && high != low && high->form == low->form &&
	    (low->form == FORM_INT || low->form == FORM_DATE) &&
	    low->kind == KIND_VALUE && high->kind == KIND_VALUE &&
	    high->comp == low->comp)
		return NULL;
	return shape_at(r, json_get(j, "not_above"), fault_new(FAULT_INVALID,
	    "not_above: must be another int or date of the type, of the same "
	    "form and compartment"));
}

static fault
read_fields(struct reading *r, struct pack *p, struct pack_type *t,
    const struct json *j)
{
	const struct json *fields = json_get(j, "fields");
	fault f;

	if ((f = take_labels(r, j, &t->nl, &t->en)) != NULL ||
	    (f = shape_count(r, fields, PACK_FIELDS_MAX)) != NULL)
		return f;
	t->fields = mem_new(json_count(fields) * sizeof *t->fields);
	for (size_t i = 0; i < json_count(fields); i++)
		if ((f = read_field(r, p, t, json_at(fields, i))) != NULL)
			return f;
	for (size_t i = 0; i < t->nfields; i++)
		if ((f = check_not_above(r, t, &t->fields[i],
		    json_at(fields, i))) != NULL)
			return fault_while(f, "field %s", t->fields[i].name);
	return NULL;
}

static fault
read_type(struct reading *r, struct pack *p, const struct json *j)
{
	struct pack_type *t = &p->types[p->ntypes++];
	fault f;

	if ((f = shape_check(r, j, type_rules)) != NULL ||
	    (f = shape_name(r, &t->name, j, "type")) != NULL)
		return f;
	for (const struct pack_type *o = p->types; o < t; o++)
		if (strcmp(o->name, t->name) == 0)
			return shape_at(r, j, fault_new(FAULT_INVALID,
			    "the type %s stands here twice", t->name));
	return fault_while(read_fields(r, p, t, j), "type %s", t->name);
}

static fault
read_types(struct reading *r, struct pack *p, const struct json *types)
{
	fault f;

	if ((f = shape_count(r, types, PACK_TYPES_MAX)) != NULL)
		return f;
	p->types = mem_new(json_count(types) * sizeof *p->types);
	for (size_t i = 0; i < json_count(types); i++)
		if ((f = read_type(r, p, json_at(types, i))) != NULL)
			return f;
	return NULL;
}

static fault
read_all(struct reading *r, struct pack *p, const struct json *root)
{
	fault f;

	if ((f = shape_check(r, root, pack_rules)) != NULL ||
	    (f = shape_name(r, &p->name, root, "pack")) != NULL ||
	    (f = shape_code(r, &p->version, root, "version",
	    PACK_CODE_MAX)) != NULL ||
	    (f = read_lists(r, p, json_get(root, "lists"))) != NULL)
		return f;
	return read_types(r, p, json_get(root, "types"));
}

fault
pack_read(struct pack **out, struct bytes in)
{
	struct reading r = { 0 };
	struct json *root = NULL;
	struct pack *p = NULL;
	fault f;

	if (in.len > PACK_MAX)
		return fault_new(FAULT_INVALID, "a pack has at most %u bytes,"
		    " this has %zu", PACK_MAX, in.len);
	if ((f = json_parse(&root, in)) != NULL)
		return f;
	p = mem_new(sizeof *p);
	if ((f = read_all(&r, p, root)) == NULL) {
		*out = p;
		p = NULL;
	} else
		f = fault_while(f, "line %u", r.line);
	pack_free(p);
	json_free(root);
	return f;
}
