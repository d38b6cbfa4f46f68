/*
 * lines -- signed commits of our form for tests of hubs, as long as wished.
 */
#ifndef TESTS_UNIT_LINES_H
#define TESTS_UNIT_LINES_H

#include "sync/carry.h"
#include "sync/commit.h"
#include "tests/unit/scratch.h"

struct line {
	struct repo	*repo;
	char		ref[REF_MAX];
	struct oid	head;		/* zeros: none yet */
	struct commit	last;
	uint8_t		pk[SIGN_PK], sk[SIGN_SK];
};

static inline struct line
line_new(struct repo *r, const char *ref)
{
	struct line l = { .repo = r };

	strcpy(l.ref, ref);
	sign_keypair(l.pk, l.sk);
	return l;
}

static inline struct line
line_device(struct repo *r, uint8_t n)
{
	struct id id = { { n } };
	char ref[REF_MAX];

	ref_device(ref, &id);
	return line_new(r, ref);
}

/* What every commit of the line must say; the caller adds to it and signs. */
static inline struct commit
line_next(const struct line *l)
{
	struct commit c = { .seq = l->last.seq + 1,
	    .generation = l->last.generation + 1, .roster_seq = 1 };

	memset(&c.genesis, 7, sizeof c.genesis);
	memset(&c.roster_hash, 7, sizeof c.roster_hash);
	strcpy(c.ref, l->ref);
	if (l->last.seq > 0) {
		c.parents[c.nparents++] = l->head;
		c.prev = l->last.hash;
	}
	return c;
}

static inline void
line_sign(struct line *l, struct commit *c)
{
	struct buf object = BUF_EMPTY, armor = BUF_EMPTY;

	commit_sign(&object, &armor, c, l->pk, l->sk);
	assert_ok(repo_write(&l->head, l->repo, OBJECT_COMMIT,
	    buf_view(&object)));
	l->last = *c;
	buf_free(&object);
	buf_free(&armor);
}

/* One commit with a blob that is there as its one entry. */
static inline void
line_entry(struct line *l, const struct oid *blob, const struct hash *seg)
{
	struct commit c = line_next(l);
	struct tree_entry e = { .blob = *blob };

	assert_true(ref_entry(e.name, l->ref));
	assert_ok(repo_write_tree(&c.tree, l->repo, &e, 1));
	c.seg = *seg;
	line_sign(l, &c);
}

static inline void
line_add(struct line *l, struct bytes blob)
{
	struct hash seg = hash_of(blob);
	struct oid oid;

	assert_ok(repo_write(&oid, l->repo, OBJECT_BLOB, blob));
	line_entry(l, &oid, &seg);
}

/* n commits with blobs of about len random bytes. */
static inline void
line_grow(struct line *l, unsigned n, size_t len)
{
	uint8_t *b = mem_new(len);

	while (n-- > 0) {
		random_fill(b, len);
		line_add(l, (struct bytes){ b, len });
	}
	free(b);
}

/* A merge that accepts the heads of n devices (n <= 8, ascending ids). */
static inline void
line_merge(struct line *main_, const struct line *d, size_t n)
{
	struct commit c = line_next(main_);
	struct tree_entry e[8] = { { .name = "" } };

	for (size_t i = 0; i < n; i++) {
		struct tree_entry *one;
		size_t k;

		c.accepts[i].seq = d[i].last.seq;
		c.accepts[i].hash = d[i].last.hash;
		ref_kind(d[i].ref, &c.accepts[i].device, NULL);
		c.parents[c.nparents++] = d[i].head;
		if (d[i].last.generation >= c.generation)
			c.generation = d[i].last.generation + 1;
		assert_ok(repo_read_tree(&one, &k, main_->repo,
		    &d[i].last.tree, 1));
		e[i] = one[0];
		free(one);
	}
	c.naccepts = n;
	assert_ok(repo_write_tree(&c.tree, main_->repo, e, n));
	line_sign(main_, &c);
}

static inline struct repo *
repo_at(const char *name)
{
	char *path = at(name);
	struct repo *r;

	assert_ok(repo_create(path));
	assert_ok(repo_open(&r, path));
	free(path);
	return r;
}

/* A fresh hub at scratch/name, open. */
static inline struct carry *
hub_at(const char *name)
{
	char *path = at(name);
	struct carry *c;

	assert_ok(hub_create(path));
	assert_ok(carry_open(&c, path, NULL));
	free(path);
	return c;
}

static inline struct push
push_of(const struct line *l, const struct oid *old)
{
	struct push p = { .new = l->head };

	strcpy(p.ref, l->ref);
	if (old != NULL)
		p.old = *old;
	return p;
}

static inline void
push_line(struct carry *c, const struct line *l, const struct oid *old)
{
	struct push p = push_of(l, old);

	assert_ok(carry_push(c, l->repo, &p, 1));
	assert_ok(p.result);
}

static const struct oid nothing = { { 0 } };

#endif
