/*
 * forge -- commits that an honest device would not make, for test_chain.c
 * and test_mainline.c.  A forged commit begins as the honest next one of a
 * device's ref, an announcement; the test spoils what it is about.
 */
#ifndef TESTS_UNIT_FORGE_H
#define TESTS_UNIT_FORGE_H

#include "tests/unit/liar.h"

struct forged {
	struct commit	c;
	struct segment_head head;
	char		entry[64];	/* name in the tree */
	size_t		pad;		/* bytes behind the header */
	bool		wrong_seg;
	const uint8_t	*pk, *sk;	/* who signs */
};

/* What author's chain would have after `last` (zeros: as its first). */
static inline struct forged
forge_after(struct site *s, const struct kit *author, const struct oid *last)
{
	struct forged f = { .pad = 600, .pk = author->signer.pk,
	    .sk = author->signer.sk };
	struct commit before;

	ref_device(f.c.ref, &author->site.self);
	assert_true(ref_entry(f.entry, f.c.ref));
	f.c.seq = f.c.generation = 1;
	if (!oid_zero(last)) {
		assert_ok(site_commit(&before, s, last));
		f.c.seq = before.seq + 1;
		f.c.generation = before.generation + 1;
		f.c.prev = before.hash;
		f.c.parents[f.c.nparents++] = *last;
	} else if (author->joiner) {
		f.c.has_join = true;
		f.c.join = author->join;
	}
	site_quote(s, &f.c);
	f.head = (struct segment_head){ .flags = SEGMENT_ANNOUNCEMENT,
	    .project = s->project, .device = author->site.self,
	    .seq = f.c.seq, .prev = f.c.prev };
	return f;
}

/* Also what is too large for any repository of ours: stock git writes it. */
static inline struct oid
forge_blob(struct site *s, struct bytes blob)
{
	char *path = at("forged"), out[256];
	struct oid oid;

	if (blob.len <= WIRE_SEGMENT_MAX) {
		assert_ok(repo_write(&oid, s->repo, OBJECT_BLOB, blob));
	} else {
		assert_ok(file_write(path, blob, 0600));
		assert_int_equal(run(out, "git --git-dir=%s hash-object -w %s",
		    repo_path(s->repo), path), 0);
		assert_true(hex_parse(oid.b, OID_LEN, bytes_of(out)));
		repo_refresh(s->repo);
	}
	free(path);
	return oid;
}

/* Write it into the repository of s, whole as it is. */
static inline struct oid
forge_put(struct site *s, struct forged *f)
{
	struct buf blob = BUF_EMPTY, object = BUF_EMPTY, armor = BUF_EMPTY;
	struct tree_entry e;
	struct oid oid;

	segment_put_head(&blob, &f->head);
	memset(buf_room(&blob, f->pad), 7, f->pad);
	blob.len += f->pad;
	f->c.seg = hash_of(buf_view(&blob));
	f->c.seg.b[0] ^= f->wrong_seg;
	e.blob = forge_blob(s, buf_view(&blob));
	memcpy(e.name, f->entry, sizeof e.name);
	assert_ok(repo_write_tree(&f->c.tree, s->repo, &e, 1));
	commit_sign(&object, &armor, &f->c, f->pk, f->sk);
	assert_ok(repo_write(&oid, s->repo, OBJECT_COMMIT,
	    buf_view(&object)));
	buf_free(&blob);
	buf_free(&object);
	buf_free(&armor);
	return oid;
}

#endif
