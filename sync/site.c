#include "sync/site.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/pins.h"

#define ROSTER_LINE_MAX 1000000u	/* entries */

/* --- reading ------------------------------------------------------------ */

fault
site_commit_raw(struct commit *c, struct buf *raw, struct site *s,
    const struct oid *oid)
{
	char hex[41];
	size_t start = raw->len;
	fault f = repo_read(raw, s->repo, oid, OBJECT_COMMIT, WIRE_COMMIT_MAX);

	if (f != NULL)
		return f;
	oid_hex(hex, oid);
	return fault_while(commit_parse(c, (struct bytes){ raw->at + start,
	    raw->len - start }), "commit %s", hex);
}

fault
site_commit(struct commit *c, struct site *s, const struct oid *oid)
{
	struct buf raw = BUF_EMPTY;
	fault f = site_commit_raw(c, &raw, s, oid);

	buf_free(&raw);
	return f;
}

bool
site_before(struct oid *out, const struct commit *c)
{
	/* main's first commit has parents, but none of its own line. */
	if (c->seq < 2 || c->nparents == 0)
		return false;
	*out = c->parents[0];
	return true;
}

fault
site_head(struct commit *c, struct oid *oid, struct site *s, const char *ref)
{
	fault f = repo_ref(oid, s->repo, ref);

	return f != NULL ? f : site_commit(c, s, oid);
}

static fault
one_entry(struct tree_entry *out, struct site *s, const struct commit *c)
{
	struct tree_entry *at = NULL;
	char name[64];
	size_t n;
	fault f = repo_read_tree(&at, &n, s->repo, &c->tree, 1);

	if (f == NULL && (n != 1 || !ref_entry(name, c->ref) ||
	    strcmp(at[0].name, name) != 0))
		f = fault_new(FAULT_FORMAT, "a commit of %s has another tree "
		    "than its one entry", c->ref);
	if (f == NULL)
		*out = at[0];
	free(at);
	return f;
}

fault
site_blob(struct buf *out, struct site *s, const struct commit *c)
{
	size_t start = out->len;
	struct tree_entry e;
	struct hash h;
	fault f;

	if ((f = one_entry(&e, s, c)) != NULL)
		return f;
	if (repo_read_hashed(out, s->repo, &e.blob, ref_blob_max(c->ref),
	    &c->seg))
		return NULL;
	if ((f = repo_read(out, s->repo, &e.blob, OBJECT_BLOB,
	    ref_blob_max(c->ref))) != NULL)
		return f;
	h = hash_of((struct bytes){ out->at + start, out->len - start });
	if (!hash_eq(&h, &c->seg))
		return fault_new(FAULT_FORMAT, "commit %" PRIu64 " of %s names "
		    "another segment than the one it carries", c->seq, c->ref);
	return NULL;
}

/* --- the roster --------------------------------------------------------- */

/* Its commits up to head, oldest first. */
static fault
roster_line(struct oid **out, size_t *n, struct site *s,
    const struct oid *head)
{
	struct oid *line = NULL, at = *head;
	struct commit c;
	uint64_t want;
	fault f;

	if ((f = site_commit(&c, s, &at)) != NULL)
		return f;
	if (c.seq > ROSTER_LINE_MAX)
		return fault_new(FAULT_FORMAT,
		    "the roster has too many entries");
	*n = (size_t)c.seq;
	line = mem_new(*n * sizeof *line);
	for (want = c.seq; f == NULL; want--) {
		line[want - 1] = at;
		if (c.seq != want || ref_kind(c.ref, NULL, NULL) != REF_ROSTER)
			f = fault_new(FAULT_FORMAT, "the roster's line breaks "
			    "at entry %" PRIu64, want);
		if (!site_before(&at, &c))
			break;
		if (f == NULL)
			f = site_commit(&c, s, &at);
	}
	if (f == NULL && want != 1)
		f = fault_new(FAULT_FORMAT, "the roster has no beginning");
	if (f == NULL) {
		*out = line;
		line = NULL;
	}
	free(line);
	return f;
}

static fault
apply_one(struct roster *r, struct site *s, const struct oid *oid,
    struct commit *c)
{
	struct buf raw = BUF_EMPTY, blob = BUF_EMPTY;
	fault f;

	if ((f = site_commit_raw(c, &raw, s, oid)) != NULL)
		goto done;
	if (!commit_signed(c, buf_view(&raw))) {
		f = fault_new(FAULT_TRUST, "the signature is wrong");
		goto done;
	}
	if ((f = site_blob(&blob, s, c)) != NULL)
		goto done;
	f = roster_apply(r, c, buf_view(&blob), s->keys, s->squeeze);
done:
	buf_free(&raw);
	buf_free(&blob);
	return fault_while(f, "roster entry %zu", (size_t)r->seq + 1);
}

/*
 * While no home is named an entry binds when it is written; what others
 * signed came from a hub; only our own later ones may still be drafts.
 */
static bool
binds_at_once(const struct site *s, const struct roster *r,
    const struct commit *c)
{
	const struct member *me = roster_member(r, &s->self);

	return id_zero(&r->home) || me == NULL ||
	    memcmp(me->sign_pk, c->pk, SIGN_PK) != 0;
}

static fault
replay(struct roster *r, uint64_t *bound, struct site *s,
    const struct oid *line, size_t n)
{
	struct commit c;
	fault f = NULL;

	*bound = 0;
	for (size_t i = 0; f == NULL && i < n; i++) {
		f = apply_one(r, s, &line[i], &c);
		if (f == NULL && binds_at_once(s, r, &c))
			*bound = c.seq;
	}
	return f;
}

/* A hub holds it: the newest pin on the line binds all up to it. */
static fault
bound_by_pins(uint64_t *bound, struct site *s, const struct oid *line,
    size_t n)
{
	struct repo_ref *pins = NULL;
	size_t npins;
	fault f = pin_all(&pins, &npins, s->repo, SITE_ROSTER);

	for (size_t i = 0; f == NULL && i < npins; i++)
		for (size_t k = (size_t)*bound; k < n; k++)
			if (oid_eq(&pins[i].oid, &line[k]))
				*bound = k + 1;
	free(pins);
	return f;
}

static fault
same_project(struct site *s, const struct roster *r)
{
	if (r->seq == 0)
		return NULL;
	if (!hash_zero(&s->genesis) && !hash_eq(&s->genesis, &r->genesis))
		return fault_new(FAULT_TRUST,
		    "the roster begins with another genesis");
	if (!id_zero(&s->project) && !id_eq(&s->project, &r->project))
		return fault_new(FAULT_TRUST,
		    "the roster is of another project");
	s->project = r->project;
	return NULL;
}

fault
site_roster_at(struct roster **out, struct site *s, const struct oid *head)
{
	struct roster *r = roster_new();
	struct oid *line = NULL;
	uint64_t bound;
	size_t n = 0;
	fault f = NULL;

	if (!oid_zero(head))
		f = roster_line(&line, &n, s, head);
	if (f == NULL)
		f = replay(r, &bound, s, line, n);
	if (f == NULL) {
		*out = r;
		r = NULL;
	}
	roster_free(r);
	free(line);
	return f;
}

fault
site_reload(struct site *s)
{
	struct roster *r = roster_new(), *old;
	struct oid head, *line = NULL;
	uint64_t bound = 0;
	size_t n = 0;
	fault f;

	if ((f = ref_get(&head, s->repo, SITE_ROSTER)) != NULL)
		goto done;
	if (!oid_zero(&head) && (f = roster_line(&line, &n, s, &head)) != NULL)
		goto done;
	if ((f = replay(r, &bound, s, line, n)) != NULL ||
	    (f = bound_by_pins(&bound, s, line, n)) != NULL ||
	    (f = same_project(s, r)) != NULL)
		goto done;
	old = s->roster;
	s->roster = r;
	s->bound = bound;
	r = old;
done:
	roster_free(r);
	free(line);
	return f;
}

bool
site_coordinates(const struct roster *r, const uint8_t pk[SIGN_PK])
{
	const struct member *m = roster_signer(r, pk);

	return m != NULL && (m->caps & CAP_COORDINATE);
}

/* --- opening ------------------------------------------------------------ */

fault
site_open(struct site *s, const char *repo_path, struct keys *keys)
{
	fault f;

	s->repo = NULL;
	s->squeeze = NULL;
	s->roster = NULL;
	s->keys = keys;
	s->bound = 0;
	if ((f = repo_open(&s->repo, repo_path)) != NULL ||
	    (f = squeeze_new(&s->squeeze, SQUEEZE_DICTIONARY)) != NULL ||
	    (f = site_reload(s)) != NULL)
		site_close(s);
	return f;
}

void
site_close(struct site *s)
{
	roster_free(s->roster);
	squeeze_free(s->squeeze);
	repo_close(s->repo);
	s->roster = NULL;
	s->squeeze = NULL;
	s->repo = NULL;
}

/* --- writing ------------------------------------------------------------ */

void
site_quote(const struct site *s, struct commit *c)
{
	const struct hash *h = roster_entry(s->roster, s->bound);

	c->genesis = s->genesis;
	c->roster_seq = h == NULL ? 0 : s->bound;
	c->roster_hash = h == NULL ? (struct hash){ { 0 } } : *h;
}

fault
site_sign(struct oid *oid, struct site *s, struct commit *c,
    const struct signer *who)
{
	struct buf object = BUF_EMPTY, armor = BUF_EMPTY;
	fault f;

	if (c->roster_seq == 0 && !hash_zero(&c->genesis))
		return fault_new(FAULT_FAIL, "%s cannot go on: no entry of the "
		    "roster is bound yet", c->ref);
	commit_sign(&object, &armor, c, who->pk, who->sk);
	f = repo_write(oid, s->repo, OBJECT_COMMIT, buf_view(&object));
	buf_free(&object);
	buf_free(&armor);
	return f;
}

/* What follows from the newest commit of the ref; zeros: it is the first. */
static fault
follow(struct commit *c, struct site *s, const struct oid *head)
{
	struct commit last;
	fault f;

	c->seq = 1;
	c->generation = 1;
	c->nparents = 0;
	c->prev = (struct hash){ { 0 } };
	if (oid_zero(head))
		return NULL;
	if ((f = site_commit(&last, s, head)) != NULL)
		return f;
	if (last.seq >= WIRE_SEQ_MAX)
		return fault_new(FAULT_FAIL, "%s is full", c->ref);
	c->seq = last.seq + 1;
	c->generation = last.generation + 1;
	c->parents[c->nparents++] = *head;
	c->prev = last.hash;
	return NULL;
}

static fault
put_blob(struct commit *c, struct site *s, struct bytes blob)
{
	struct tree_entry e;
	fault f;

	if (!ref_entry(e.name, c->ref))
		return fault_new(FAULT_FAIL, "%s has no entry of its own",
		    c->ref);
	if ((f = repo_write_blob(&e.blob, s->repo, blob,
	    ref_blob_max(c->ref))) != NULL)
		return f;
	c->seg = hash_of(blob);
	return repo_write_tree(&c->tree, s->repo, &e, 1);
}

static fault
make(struct oid *oid, struct site *s, struct commit *c, struct bytes blob,
    const struct signer *who)
{
	fault f = put_blob(c, s, blob);

	return f != NULL ? f : site_sign(oid, s, c, who);
}

/* An entry quotes the one before it, and holds before it is written. */
static fault
make_entry(struct oid *oid, struct site *s, struct commit *c,
    struct bytes blob, const struct signer *who)
{
	size_t before = s->roster->unreadable;
	fault f;

	c->genesis = c->seq == 1 ? (struct hash){ { 0 } } : s->genesis;
	c->roster_seq = c->seq - 1;
	c->roster_hash = c->prev;
	if ((f = make(oid, s, c, blob, who)) != NULL)
		return f;
	f = roster_apply(s->roster, c, blob, s->keys, s->squeeze);
	if (f != NULL || s->roster->unreadable == before)
		return f;
	/* Others' we must live with; one of ours is a mistake. */
	return (f = site_reload(s)) != NULL ? f : fault_new(FAULT_TRUST,
	    "a roster entry that cannot be read again was not written");
}

/* site->roster has the new entry already; keep the rest in step with it. */
static fault
entry_written(struct site *s, const struct commit *c, fault moved)
{
	fault f;

	if (moved != NULL) {
		f = site_reload(s);
		return f != NULL ? f : moved;
	}
	if (c->seq == 1 && hash_zero(&s->genesis))
		s->genesis = c->hash;
	if (binds_at_once(s, s->roster, c))
		s->bound = c->seq;
	return same_project(s, s->roster);
}

fault
site_append(struct oid *oid, struct site *s, const char *ref,
    struct commit *c, struct bytes blob, const struct signer *who)
{
	bool entry = strcmp(ref, SITE_ROSTER) == 0;
	struct oid head, made;
	fault f;

	snprintf(c->ref, sizeof c->ref, "%s", ref);
	if ((f = ref_get(&head, s->repo, ref)) != NULL ||
	    (f = follow(c, s, &head)) != NULL)
		return f;
	site_quote(s, c);
	f = entry ? make_entry(&made, s, c, blob, who) :
	    make(&made, s, c, blob, who);
	if (f != NULL)
		return f;
	f = ref_put(s->repo, ref, &head, &made);
	if (entry)
		f = entry_written(s, c, f);
	if (f == NULL)
		*oid = made;
	return f;
}

fault
site_orphan(struct oid *oid, struct site *s, const char *ref,
    struct commit *c, struct bytes blob, const struct signer *who)
{
	struct oid none = { { 0 } };
	uint64_t n;
	fault f;

	snprintf(c->ref, sizeof c->ref, "%s", ref);
	if ((f = follow(c, s, &none)) != NULL)
		return f;
	if (ref_kind(ref, NULL, &n) == REF_KEYRING)
		c->seq = n;
	site_quote(s, c);
	return make(oid, s, c, blob, who);
}
