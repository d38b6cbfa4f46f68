#include "tests/unit/test.h"

#include <unistd.h>

#include <jansson.h>

#include "sync/base/file.h"
#include "tests/unit/segments.h"

/* ---- the golden segment, and an independent reader of ours ---- */

static json_t *
hex_of(const void *at, size_t n)
{
	struct buf b = BUF_EMPTY;
	json_t *j;

	hex_put(&b, (struct bytes){ at, n });
	j = json_stringn((const char *)b.at, b.len);
	buf_free(&b);
	return j;
}

static json_t *
text_of(struct bytes s)
{
	return json_stringn(s.len == 0 ? "" : (const char *)s.at, s.len);
}

static json_t *
json_of_head(const struct segment_head *h)
{
	json_t *seen = json_array();

	for (size_t i = 0; i < h->nseen; i++)
		json_array_append_new(seen, json_pack("{so so sI so}", "hub",
		    hex_of(h->seen[i].hub.b, 16), "device",
		    hex_of(h->seen[i].device, 4), "seq",
		    (json_int_t)h->seen[i].seq, "hash",
		    hex_of(h->seen[i].hash, 16)));
	return json_pack("{sI so so sI so sI sI so so}",
	    "flags", (json_int_t)h->flags,
	    "project", hex_of(h->project.b, 16),
	    "device", hex_of(h->device.b, 16), "seq", (json_int_t)h->seq,
	    "prev", hex_of(h->prev.b, 32), "epoch", (json_int_t)h->epoch,
	    "dictionary", (json_int_t)h->dictionary,
	    "seed", hex_of(h->seed, 24), "seen", seen);
}

static json_t *
json_of_field(const struct change_field *f)
{
	json_t *o = json_pack("{ss# si ss}", "name", f->name.at,
	    (int)f->name.len, "compartment", (int)f->comp, "kind",
	    f->kind == KIND_SET ? "set" : "value");
	json_t *sup = json_array(), *add = json_array(), *gone = json_array();

	for (size_t i = 0; i < f->nsup; i++)
		json_array_append_new(sup, json_pack("[oI]",
		    hex_of(f->sup[i].device.b, 16),
		    (json_int_t)f->sup[i].n));
	json_object_set_new(o, "superseded", sup);
	for (size_t i = 0; i < f->nval; i++)
		json_array_append_new(add, text_of(f->val[i]));
	for (size_t i = 0; i < f->nsup && f->kind == KIND_SET; i++)
		json_array_append_new(gone, text_of(f->gone[i]));
	if (f->withheld) {
		json_object_set_new(o, "withheld", json_true());
	} else if (f->kind == KIND_VALUE) {
		json_object_set(o, "value", json_array_get(add, 0));
	} else {
		json_object_set(o, "added", add);
		json_object_set(o, "removed", gone);
	}
	json_decref(add);
	json_decref(gone);
	return o;
}

static json_t *
json_of_change(const struct change *c)
{
	json_t *fields = json_array();

	for (size_t i = 0; i < c->nfields; i++)
		json_array_append_new(fields, json_of_field(&c->fields[i]));
	return json_pack("{sI so so sI so sI so}", "n", (json_int_t)c->dot.n,
	    "record", hex_of(c->record.b, 16), "creator",
	    hex_of(c->index.creator.b, 16), "index", (json_int_t)c->index.n,
	    "type", text_of(c->type), "clock", (json_int_t)c->clock,
	    "fields", fields);
}

static json_t *
json_of(const struct segment *s, uint32_t g, const struct id *self)
{
	json_t *receipts = json_array(), *changes = json_array();

	for (size_t i = 0; i < s->nreceipts; i++)
		json_array_append_new(receipts, json_pack("[Io]",
		    (json_int_t)s->receipts[i].seq,
		    hex_of(s->receipts[i].hash.b, 32)));
	for (size_t i = 0; i < s->nchanges; i++)
		json_array_append_new(changes, json_of_change(&s->changes[i]));
	return json_pack("{sI so so so so sI sI}", "g", (json_int_t)g,
	    "self", hex_of(self->b, 16), "head", json_of_head(&s->head),
	    "receipts", receipts, "changes", changes, "withheld",
	    (json_int_t)s->withheld, "erased", (json_int_t)s->erased);
}

static struct buf
file_in(const char *dir, const char *name)
{
	struct buf b = BUF_EMPTY;
	char *path = path_join(dir, name);

	assert_ok(file_read(&b, path, WIRE_SEGMENT_MAX));
	free(path);
	return b;
}

static void
opens_to_its_json(const char *dir)
{
	struct buf blob = file_in(dir, "blob"), set = file_in(dir, "keys");
	struct buf text = file_in(dir, "expected.json");
	struct reader r = reader_of(buf_view(&set));
	json_t *want = json_loads(buf_cstr(&text), 0, NULL), *got;
	struct squeeze *z;
	struct segment s;
	struct keys *k;
	struct id self;
	uint32_t g;

	assert_non_null(want);
	g = (uint32_t)json_integer_value(json_object_get(want, "g"));
	assert_true(id_parse(&self, json_string_value(
	    json_object_get(want, "self"))));
	assert_ok(keys_decode(&k, &r));
	assert_true(reader_whole(&r));
	assert_ok(squeeze_new(&z, SQUEEZE_DICTIONARY));
	assert_ok(segment_open(&s, buf_view(&blob), g, &self, k, z));
	got = json_of(&s, g, &self);
	if (!json_equal(got, want))
		fail_msg("%s", json_dumps(got, JSON_INDENT(1)));
	json_decref(got);
	json_decref(want);
	segment_free(&s);
	squeeze_free(z);
	keys_free(k);
	buf_free(&blob);
	buf_wipe(&set);
	buf_free(&text);
}

/* Written by tests/golden/make-segment, which shares no code with ours. */
TEST(the_golden_segment_opens_to_what_its_author_wrote)
{
	opens_to_its_json("tests/golden/segment/coordinator");
	opens_to_its_json("tests/golden/segment/worker");
	opens_to_its_json("tests/golden/segment/author");
}

static void
keep(const char *dir, const char *name, struct bytes b)
{
	char *path = path_join(dir, name);

	assert_ok(file_write(path, b, 0600));
	free(path);
}

static void
keep_world(const char *dir, const struct world *w, struct keys *k)
{
	struct id self = id_of(0xd0);
	struct buf set = BUF_EMPTY;
	struct segment s;
	json_t *o;
	char *text;

	assert_ok(open_as(&s, w, buf_view(&w->blob), k, 0xd0));
	o = json_of(&s, 3, &self);
	text = json_dumps(o, 0);
	keys_encode(&set, k);
	keep(dir, "blob", buf_view(&w->blob));
	keep(dir, "keys", buf_view(&set));
	keep(dir, "expected.json", bytes_of(text));
	free(text);
	json_decref(o);
	buf_wipe(&set);
	segment_free(&s);
}

TEST(the_independent_verifier_reads_what_we_seal)
{
	char dir[] = "/tmp/fieldkit-test-XXXXXX", line[200];
	struct world w = world_of(9);
	struct segment_head h = head_with_seen(7);
	struct receipt receipt = { 4, { { 5 } } };
	struct id self = id_of(0xd0);
	struct keys *k;

	w.plan.receipts = &receipt;
	w.plan.nreceipts = 1;
	w.plan.head.seen = h.seen;
	w.plan.head.nseen = h.nseen;
	assert_ok(segment_seal(&w.blob, &w.taken, &w.plan, w.keys,
	    w.squeeze));
	tree_puncture(keys_tree(w.keys, 3), &w.changes[4].index);
	k = keys_for_role(w.keys, ROLE_ANALYST, &self);
	assert_non_null(mkdtemp(dir));
	keep_world(dir, &w, k);
	snprintf(line, sizeof line, "/usr/bin/python3 scripts/verify.py "
	    "segment %s >%s/out", dir, dir);
	assert_int_equal(system(line), 0);
	assert_ok(file_remove_tree(dir));
	keys_free(k);
	segment_head_free(&h);
	world_free(&w);
}

int
main(void)
{
	return RUN(T(the_golden_segment_opens_to_what_its_author_wrote),
	    T(the_independent_verifier_reads_what_we_seal));
}
