#include "fieldkit/edit.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/agree.h"

#define FORBIDDEN_CAPS "this field belongs to coordinators and to the device " \
    "that wrote it"

void
edit_free(struct edit *e)
{
	change_free(&e->change);
	for (size_t i = 0; i < e->nheld; i++)
		free(e->held[i]);
	free(e->held);
	*e = (struct edit)EDIT_EMPTY;
}

/* A copy of b that lives as long as the edit. */
static struct bytes
hold(struct edit *e, struct bytes b)
{
	e->held = mem_grow(e->held, (e->nheld + 1) * sizeof *e->held);
	e->held[e->nheld] = bytes_dup(b);
	return (struct bytes){ (uint8_t *)e->held[e->nheld++], b.len };
}

fault
assign_parse(struct assign *a, const char *text)
{
	const char *eq = strchr(text, '=');
	size_t n = eq == NULL ? 0 : (size_t)(eq - text);

	a->op = ASSIGN_SET;
	if (n > 1 && (eq[-1] == '+' || eq[-1] == '-')) {
		a->op = eq[-1] == '+' ? ASSIGN_ADD : ASSIGN_REMOVE;
		n--;
	}
	if (n == 0)
		return fault_new(FAULT_USAGE, "'%.60s' is not FIELD=VALUE, "
		    "FIELD+=VALUE or FIELD-=VALUE", text);
	a->field = (struct bytes){ (const uint8_t *)text, n };
	a->value = bytes_of(eq + 1);
	return NULL;
}

/* The field of this name in the change being made, added when missing. */
static struct change_field *
field_of(struct edit *e, const struct pack_field *pf)
{
	struct bytes name = bytes_of(pf->name);

	for (size_t i = 0; i < e->change.nfields; i++)
		if (bytes_eq(e->change.fields[i].name, name))
			return &e->change.fields[i];
	return change_add(&e->change, name, pf->comp, pf->kind);
}

/*
 * Workers may set identity and restricted fields that are empty or that they
 * alone have written.
 */
static fault
may_set(const struct editor *ed, const struct pack_field *pf,
    const struct merged_field *mf)
{
	if (ed->role == ROLE_AUDITOR || (ed->role == ROLE_ANALYST &&
	    pf->comp != COMP_TEAM))
		return fault_new(FAULT_LOCKED, "%s: your role may not write it; "
		    "nothing was changed", pf->name);
	if (ed->role == ROLE_COORDINATOR || pf->comp == COMP_TEAM ||
	    mf == NULL)
		return NULL;
	for (size_t i = 0; i < mf->nitems; i++)
		if (!id_eq(&mf->items[i].dot.device, &ed->self))
			return fault_new(FAULT_LOCKED, "%s: " FORBIDDEN_CAPS
			    "; nothing was changed; ask a coordinator",
			    pf->name);
	return NULL;
}

static fault
check_value(struct edit *e, const struct pack_field *pf, struct bytes in,
    struct bytes *out)
{
	struct buf b = BUF_EMPTY;
	fault f = pack_check(&b, pf, in);

	if (f == NULL)
		*out = hold(e, buf_view(&b));
	buf_free(&b);
	return f;
}

static void
supersede_items(struct change_field *cf, const struct merged_field *mf,
    const struct bytes *only)
{
	for (size_t i = 0; mf != NULL && i < mf->nitems; i++)
		if (only == NULL)
			change_add_sup(cf, &mf->items[i].dot,
			    cf->kind == KIND_SET ? mf->items[i].value :
			    BYTES_EMPTY);
		else if (bytes_eq(mf->items[i].value, *only))
			change_add_sup(cf, &mf->items[i].dot, *only);
}

static bool
stands(const struct merged_field *mf, struct bytes value)
{
	for (size_t i = 0; mf != NULL && i < mf->nitems; i++)
		if (bytes_eq(mf->items[i].value, value))
			return true;
	return false;
}

static bool
blank(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] > ' ')
			return false;
	return true;
}

static fault
assign_value(struct edit *e, const struct pack_field *pf,
    const struct merged_field *mf, const struct assign *a)
{
	struct change_field *cf;
	struct bytes value = BYTES_EMPTY;
	fault f;

	if (a->op != ASSIGN_SET)
		return fault_new(FAULT_INVALID, "%s: is one value, not a set: "
		    "use %s=VALUE", pf->name, pf->name);
	if (pf->required && blank(a->value))
		return fault_new(FAULT_INVALID, "%s: is required",
		    pf->name);
	if (a->value.len > 0 &&
	    (f = check_value(e, pf, a->value, &value)) != NULL)
		return f;
	if (mf != NULL && mf->nitems == 1 &&
	    bytes_eq(mf->items[0].value, value))
		return NULL;
	if (mf == NULL && value.len == 0)
		return NULL;
	cf = field_of(e, pf);
	if (cf->nval != 0)
		return fault_new(FAULT_INVALID, "%s: is set twice", pf->name);
	change_add_value(cf, value);
	supersede_items(cf, mf, NULL);
	return NULL;
}

/* FIELD=a,b,c: exactly these; the others are removed. */
static fault
assign_whole_set(struct edit *e, const struct pack_field *pf,
    const struct merged_field *mf, struct bytes list)
{
	struct bytes *want = NULL, value, one;
	size_t n = 0, at = 0;
	fault f = NULL;

	while (f == NULL && at < list.len) {
		const uint8_t *comma = memchr(list.at + at, ',', list.len - at);
		size_t len = comma == NULL ? list.len - at :
		    (size_t)(comma - list.at) - at;

		one = (struct bytes){ list.at + at, len };
		at += len + 1;
		while (one.len > 0 && one.at[0] == ' ')
			one = (struct bytes){ one.at + 1, one.len - 1 };
		if (one.len == 0 ||
		    (f = check_value(e, pf, one, &value)) != NULL)
			continue;
		want = mem_grow(want, (n + 1) * sizeof *want);
		want[n++] = value;
	}
	for (size_t i = 0; f == NULL && i < n; i++)
		if (!stands(mf, want[i]))
			change_add_value(field_of(e, pf), want[i]);
	for (size_t i = 0; f == NULL && mf != NULL && i < mf->nitems; i++) {
		bool keep = false;

		for (size_t k = 0; k < n; k++)
			keep |= bytes_eq(want[k], mf->items[i].value);
		if (!keep)
			change_add_sup(field_of(e, pf), &mf->items[i].dot,
			    mf->items[i].value);
	}
	free(want);
	return f;
}

static fault
assign_set(struct edit *e, const struct pack_field *pf,
    const struct merged_field *mf, const struct assign *a)
{
	struct bytes value;
	fault f;

	if (a->op == ASSIGN_SET)
		return assign_whole_set(e, pf, mf, a->value);
	if ((f = check_value(e, pf, a->value, &value)) != NULL)
		return f;
	if (a->op == ASSIGN_ADD && !stands(mf, value))
		change_add_value(field_of(e, pf), value);
	if (a->op == ASSIGN_REMOVE && stands(mf, value))
		supersede_items(field_of(e, pf), mf, &value);
	return NULL;
}

static fault
assign_one(struct edit *e, const struct editor *ed, const struct pack_type *pt,
    const struct merged *m, const struct assign *a)
{
	const struct pack_field *pf = pack_field(pt, a->field);
	const struct merged_field *mf;
	fault f;

	if (pf == NULL)
		return fault_new(FAULT_INVALID, "there is no field '%.*s'; "
		    "'fieldkit fields %s' lists them",
		    (int)(a->field.len > 60 ? 60 : a->field.len),
		    (const char *)a->field.at, pt->name);
	if (!bytes_utf8(a->value))
		return fault_new(FAULT_INVALID, "%s: is not UTF-8 text",
		    pf->name);
	mf = m == NULL ? NULL : merged_find(m, bytes_of(pf->name), pf->kind);
	if ((f = may_set(ed, pf, mf)) != NULL)
		return f;
	return pf->kind == KIND_SET ? assign_set(e, pf, mf, a) :
	    assign_value(e, pf, mf, a);
}

static fault
find_type(const struct editor *ed, struct bytes type,
    const struct pack_type **pt)
{
	*pt = pack_type(ed->pack, type);
	if (*pt != NULL)
		return NULL;
	return fault_new(FAULT_INVALID, "there is no type '%.*s'; "
	    "'fieldkit types' lists them",
	    (int)(type.len > 60 ? 60 : type.len), (const char *)type.at);
}

/* Generate what was omitted; refuse what is missing. */
static fault
complete(struct edit *e, const struct pack_type *pt)
{
	struct buf b = BUF_EMPTY;
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < pt->nfields; i++) {
		const struct pack_field *pf = &pt->fields[i];
		bool set = false;

		for (size_t k = 0; k < e->change.nfields; k++)
			set |= bytes_is(e->change.fields[k].name, pf->name);
		if (set)
			continue;
		buf_clear(&b);
		pack_generate(&b, pf);
		if (b.len > 0)
			change_add_value(field_of(e, pf),
			    hold(e, buf_view(&b)));
		else if (pf->required)
			f = fault_new(FAULT_INVALID, "%s: %s is required",
			    pt->name, pf->name);
	}
	buf_free(&b);
	return f;
}

fault
edit_create(struct edit *e, const struct editor *ed, struct bytes type,
    const struct assign *as, size_t n)
{
	const struct pack_type *pt;
	fault f;

	if ((f = find_type(ed, type, &pt)) != NULL)
		return f;
	e->change.type = bytes_of(pt->name);
	for (size_t i = 0; f == NULL && i < n; i++)
		f = fault_while(assign_one(e, ed, pt, NULL, &as[i]), "%s",
		    pt->name);
	if (f == NULL)
		f = complete(e, pt);
	if (f == NULL)
		f = fault_while(agree_check(&e->change, pt, NULL), "%s",
		    pt->name);
	if (f == NULL && e->change.nfields == 0)
		f = fault_new(FAULT_INVALID, "%s: nothing to save: give at "
		    "least one FIELD=VALUE", pt->name);
	/* Bounds are the store's to check, once it has given the number. */
	if (f == NULL)
		change_sort(&e->change);
	else
		edit_free(e);
	return f;
}

/* Every edit of a known record begins so. */
static void
begin(struct edit *e, const struct record *r)
{
	e->change.record = r->id;
	e->change.index = r->index;
	e->change.type = hold(e, r->type);
}

static fault
finish(struct edit *e, fault f)
{
	if (f == NULL && e->change.nfields == 0)
		f = fault_new(FAULT_INVALID, "nothing would change");
	/* Bounds are the store's to check, once it has given the number. */
	if (f == NULL)
		change_sort(&e->change);
	else
		edit_free(e);
	return f;
}

fault
edit_record(struct edit *e, const struct editor *ed, const struct record *r,
    const struct assign *as, size_t n)
{
	const struct pack_type *pt;
	char hex[ID_HEX];
	fault f;

	if (r->merged.withdrawn)
		return fault_new(FAULT_INVALID, "record %s is withdrawn; "
		    "nothing was changed; 'fieldkit withdraw --undo' first",
		    id_hex(hex, &r->id));
	if ((f = find_type(ed, r->type, &pt)) != NULL)
		return f;
	begin(e, r);
	for (size_t i = 0; f == NULL && i < n; i++)
		f = assign_one(e, ed, pt, &r->merged, &as[i]);
	if (f == NULL)
		f = agree_check(&e->change, pt, &r->merged);
	return finish(e, fault_while(f, "record %s", id_hex(hex, &r->id)));
}

/* `withdrawn` set to value, having seen all that stands. */
static void
set_withdrawn(struct edit *e, const struct record *r, const char *value)
{
	struct change_field *cf = change_add(&e->change,
	    bytes_of(FIELD_WITHDRAWN), COMP_TEAM, KIND_VALUE);
	size_t n = 0;
	struct dot *dots = merged_dots(&r->merged, &n);

	change_add_value(cf, bytes_of(value));
	for (size_t i = 0; i < n; i++)
		change_add_sup(cf, &dots[i], BYTES_EMPTY);
	free(dots);
}

fault
edit_withdraw(struct edit *e, const struct editor *ed, const struct record *r,
    bool undo)
{
	char hex[ID_HEX];

	if (ed->role == ROLE_AUDITOR)
		return fault_new(FAULT_LOCKED, "your role may not withdraw; "
		    "nothing was changed");
	if (r->merged.withdrawn != undo)
		return fault_new(FAULT_INVALID, undo ? "record %s is not "
		    "withdrawn" : "record %s is withdrawn already",
		    id_hex(hex, &r->id));
	begin(e, r);
	set_withdrawn(e, r, undo ? "" : "1");
	return finish(e, NULL);
}

/* --keep of an edit's dot means: not withdrawn. */
static fault
resolve_withdrawn(struct edit *e, const struct record *r,
    const struct dot *keep, struct bytes value)
{
	const struct merged_field *mf = merged_find(&r->merged,
	    bytes_of(FIELD_WITHDRAWN), KIND_VALUE);
	bool withdraw = keep == NULL && (bytes_is(value, "1") ||
	    bytes_is(value, "true"));
	bool known = keep == NULL;

	for (size_t i = 0; keep != NULL && mf != NULL && i < mf->nitems; i++)
		if (dot_cmp(&mf->items[i].dot, keep) == 0) {
			withdraw = mf->items[i].value.len > 0;
			known = true;
		}
	for (size_t i = 0; !known && i < r->nchanges; i++)
		known = dot_cmp(&r->changes[i].dot, keep) == 0;
	if (!known)
		return fault_new(FAULT_ABSENT, "that change is not one of this "
		    "record; 'fieldkit conflicts' lists what stands");
	set_withdrawn(e, r, withdraw ? "1" : "");
	return NULL;
}

static fault
kept_item(const struct merged_field *mf, const struct dot *keep,
    const struct item **out)
{
	for (size_t i = 0; i < mf->nitems; i++)
		if (dot_cmp(&mf->items[i].dot, keep) == 0) {
			*out = &mf->items[i];
			return NULL;
		}
	return fault_new(FAULT_ABSENT, "no standing value of '%.*s' has that "
	    "dot; 'fieldkit conflicts' lists them", (int)mf->name.len,
	    (const char *)mf->name.at);
}

static fault
resolve_value(struct edit *e, const struct editor *ed,
    const struct merged_field *mf, const struct dot *keep, struct bytes value)
{
	const struct pack_type *pt = pack_type(ed->pack, e->change.type);
	const struct pack_field *pf = pt == NULL ? NULL :
	    pack_field(pt, mf->name);
	const struct item *kept = NULL;
	struct change_field *cf;
	fault f;

	if (pf != NULL && (f = may_set(ed, pf, mf)) != NULL)
		return f;
	if (keep != NULL && (f = kept_item(mf, keep, &kept)) != NULL)
		return f;
	if (mf->items == NULL || mf->nitems == 0)
		return fault_new(FAULT_INVALID, "nothing would change");
	if (kept != NULL)
		value = kept->value;
	else if (pf != NULL && value.len > 0 &&
	    (f = check_value(e, pf, value, &value)) != NULL)
		return f;
	cf = change_add(&e->change, mf->name, mf->items[0].comp, KIND_VALUE);
	change_add_value(cf, value);
	supersede_items(cf, mf, NULL);
	return NULL;
}

fault
edit_resolve(struct edit *e, const struct editor *ed, const struct record *r,
    struct bytes field, const struct dot *keep, struct bytes value)
{
	const struct merged_field *mf = merged_find(&r->merged, field,
	    KIND_VALUE);
	const struct pack_type *pt = pack_type(ed->pack, r->type);
	bool withdrawn = bytes_is(field, FIELD_WITHDRAWN);
	char hex[ID_HEX];
	fault f;

	if (withdrawn ? !r->merged.withdraw_conflict :
	    mf == NULL || !mf->conflict)
		return fault_new(FAULT_INVALID, "record %s has no conflict on "
		    "'%.*s'; nothing was changed", id_hex(hex, &r->id),
		    (int)field.len, (const char *)field.at);
	begin(e, r);
	f = withdrawn ? resolve_withdrawn(e, r, keep, value) :
	    resolve_value(e, ed, mf, keep, value);
	if (f == NULL && pt != NULL)
		f = fault_while(agree_check(&e->change, pt, &r->merged),
		    "record %s", id_hex(hex, &r->id));
	return finish(e, f);
}

void
edit_reason(struct edit *e, const char *reason)
{
	struct change_field *cf;

	if (reason == NULL || *reason == '\0')
		return;
	cf = change_add(&e->change, bytes_of(FIELD_REASON), COMP_TEAM,
	    KIND_SET);
	change_add_value(cf, hold(e, bytes_of(reason)));
	change_sort(&e->change);
}
