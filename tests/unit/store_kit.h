/*
 * store_kit -- a store in a folder of its own, and changes in few words.
 */
#ifndef TESTS_UNIT_STORE_KIT_H
#define TESTS_UNIT_STORE_KIT_H

#include "tests/unit/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "fieldkit/search.h"
#include "fieldkit/vault.h"
#include "sync/base/clock.h"
#include "sync/base/file.h"

struct kit {
	char		dir[32];
	char		*path;
	struct id	self;
	struct db	*db;
	struct store	st;
};

static inline struct id
kit_id(uint8_t n)
{
	struct id id = { { 0 } };

	memset(id.b, n, sizeof id.b);
	return id;
}

static inline void
kit_close(struct kit *k)
{
	store_close(&k->st);
	db_close(k->db);
	k->db = NULL;
}

static inline void
kit_open(struct kit *k)
{
	assert_ok(db_open(&k->db, k->path, !file_exists(k->path)));
	assert_ok(store_open(&k->st, k->db, &k->self));
	assert_ok(search_start(k->db));
}

/* A new store of device `self`. */
static inline void
kit_new(struct kit *k, const struct id *self)
{
	static const uint8_t key[32] = { 7 };
	static bool started;

	if (!started)
		assert_ok(vault_start(NULL));
	started = true;
	*k = (struct kit){ .self = *self };
	strcpy(k->dir, "/tmp/kit-store-XXXXXX");
	assert_non_null(mkdtemp(k->dir));
	k->path = path_join(k->dir, "device.db");
	vault_key(k->path, key, self->b);
	kit_open(k);
}

static inline void
kit_free(struct kit *k)
{
	kit_close(k);
	vault_forget(k->path);
	assert_ok(file_remove_tree(k->dir));
	free(k->path);
}

/* --- changes ------------------------------------------------------------ */

/* A change of `device` number n, of a record that `creator` made as its
 * index-th; n = 0: a local one. */
static inline struct change
kit_change(const struct id *device, uint64_t n, const struct id *record,
    const struct id *creator, uint32_t index)
{
	struct change c = CHANGE_EMPTY;

	c.dot = (struct dot){ *device, n };
	c.record = *record;
	c.index = (struct index){ *creator, index };
	c.type = bytes_of("observation");
	c.clock = (uint64_t)1764000000000 << 16 | n;
	return c;
}

static inline struct change_field *
kit_set(struct change *c, const char *name, const char *value)
{
	struct change_field *f = change_add(c, bytes_of(name), COMP_TEAM,
	    KIND_VALUE);

	change_add_value(f, bytes_of(value));
	return f;
}

/* Save what was built and drop it. */
static inline void
kit_put(struct kit *k, struct change *c)
{
	change_sort(c);
	assert_ok(store_put(&k->st, c, NULL));
	change_free(c);
}

/* A new local record with one text; its dot and id. */
static inline struct id
kit_note(struct kit *k, const char *text, struct dot *dot)
{
	struct id id = id_record(clock_wall_ms());
	struct index index;
	struct change c;

	assert_ok(db_begin(k->db));
	assert_ok(store_next_index(&k->st, &index));
	c = kit_change(&k->self, 0, &id, &k->self, index.n);
	kit_set(&c, "narrative", text);
	change_sort(&c);
	assert_ok(store_put(&k->st, &c, NULL));
	if (dot != NULL)
		*dot = c.dot;
	change_free(&c);
	assert_ok(db_end(k->db, NULL));
	return id;
}

/* Set one text of a record anew, superseding dot. */
static inline struct dot
kit_edit(struct kit *k, const struct id *id, const struct dot *dot,
    const char *name, const char *text)
{
	struct record r;
	struct change c;
	struct dot made;

	assert_ok(store_record(&k->st, &r, id));
	c = kit_change(&k->self, 0, id, &r.index.creator, r.index.n);
	c.type = bytes_of("observation");
	if (dot != NULL)
		change_add_sup(kit_set(&c, name, text), dot, BYTES_EMPTY);
	else
		kit_set(&c, name, text);
	change_sort(&c);
	assert_ok(store_put(&k->st, &c, NULL));
	made = c.dot;
	change_free(&c);
	record_free(&r);
	return made;
}

/* How many texts stand in a field, and which is shown. */
static inline size_t
kit_standing(struct kit *k, const struct id *id, const char *name,
    const char *shown)
{
	const struct merged_field *f;
	const struct item *it;
	struct record r;
	size_t n;

	assert_ok(store_record(&k->st, &r, id));
	f = merged_find(&r.merged, bytes_of(name), KIND_VALUE);
	assert_non_null(f);
	n = f->nitems;
	it = merged_shown(f);
	if (shown != NULL) {
		assert_non_null(it);
		assert_true(bytes_is(it->value, shown));
	}
	record_free(&r);
	return n;
}

/* Every row of record and doc as text, in their order. */
static inline void
kit_rows(struct kit *k, struct buf *out)
{
	static const char *const sql[] = {
		"SELECT hex(id) || ' ' || creator || ' ' || idx || ' ' || "
		"hex(type) || ' ' || withdrawn || ' ' || conflicts || ' ' || "
		"newest || ' ' || nchanges FROM record ORDER BY id",
		"SELECT doc || ' ' || hex(record) FROM doc ORDER BY doc"
	};
	struct stmt *s;
	bool row;

	buf_clear(out);
	for (int i = 0; i < 2; i++) {
		s = db_prepare(k->db, sql[i]);
		for (;;) {
			assert_ok(stmt_step(s, &row));
			if (!row)
				break;
			buf_add_bytes(out, stmt_get(s, 0));
			put_u8(out, '\n');
		}
	}
}

static inline struct hash
kit_digest(struct kit *k)
{
	struct digest d;

	assert_ok(store_digest(&k->st, &d));
	return d.all;
}

#endif
