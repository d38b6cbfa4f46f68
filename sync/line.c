#include "sync/line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/lang.h"
#include "sync/pins.h"

/* --- findings ----------------------------------------------------------- */

bool
line_bad(struct line *l, enum finding_code code, const char *fmt, ...)
{
	struct finding x = chain_finding(code, l->check->hub, l->check->ref,
	    l->c.seq);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x.text, sizeof x.text, say(fmt), ap);
	va_end(ap);
	findings_add(l->findings, &x);
	l->stopped = true;
	return false;
}

/* Longer than allowed, or damaged?  Asked only after a first refusal. */
static bool
too_long(struct line *l, const struct oid *oid, size_t max)
{
	enum object_type type;
	size_t len;

	return repo_header(&type, &len, l->site->repo, oid) == NULL &&
	    len > max;
}

bool
line_fault(struct line *l, fault f, const struct oid *oid,
    enum object_type type)
{
	char hex[41];
	size_t max = type == OBJECT_COMMIT ? WIRE_COMMIT_MAX :
	    type == OBJECT_BLOB ? ref_blob_max(l->check->ref) :
	    WIRE_SEGMENT_MAX;

	if (f->code != FAULT_FORMAT && f->code != FAULT_ABSENT) {
		l->fault = f;
		l->stopped = true;
		return false;
	}
	oid_hex(hex, oid);
	if (f->code == FAULT_FORMAT && too_long(l, oid, max))
		return line_bad(l, FIND_OVERSIZED, "object %s is larger than "
		    "the %zu bytes allowed; nothing was taken from it", hex,
		    max);
	return line_bad(l, FIND_CORRUPT, "object %s is damaged: %.180s", hex,
	    f->text);
}

/* --- the walk ----------------------------------------------------------- */

/*
 * The parent of an object that is no commit of ours, so that what lies
 * before it still counts.  Nothing else of such an object is believed.
 */
static bool
plain_parent(struct oid *out, struct bytes raw)
{
	size_t at = strlen("tree ") + 2 * OID_LEN + 1;
	size_t word = strlen("parent ");

	return raw.len > at + word + 2 * OID_LEN &&
	    memcmp(raw.at + at, "parent ", word) == 0 &&
	    hex_parse(out->b, OID_LEN,
	    (struct bytes){ raw.at + at + word, 2 * OID_LEN });
}

fault
line_back(bool *more, struct oid *before, uint64_t *seq, struct site *s,
    const struct oid *at)
{
	struct buf raw = BUF_EMPTY;
	struct commit c = { .seq = 0 };
	fault f = repo_read(&raw, s->repo, at, OBJECT_COMMIT, WIRE_COMMIT_MAX);

	*more = false;
	if (f == NULL)
		*more = commit_parse(&c, buf_view(&raw)) == NULL ?
		    site_before(before, &c) :
		    plain_parent(before, buf_view(&raw));
	else if (f->code == FAULT_FORMAT || f->code == FAULT_ABSENT)
		f = NULL;
	*seq = c.seq;
	buf_free(&raw);
	return f;
}

/*
 * Gather to..from, newest first.  What came in one part may lie behind parts
 * that came before and were not verified, so R9's bound is not asked here.
 */
static void
gather(struct line *l)
{
	struct oid at = l->check->to;
	size_t room = 0;
	uint64_t seq;
	bool more = true;

	while (more && l->fault == NULL && !oid_eq(&at, &l->check->from)) {
		if (l->left == WIRE_LINE_MAX) {
			line_bad(l, FIND_OVERSIZED, "more than %u new commits "
			    "at once; nothing was taken", WIRE_LINE_MAX);
			return;
		}
		if (l->left == room) {
			room = room == 0 ? 64 : room * 2;
			l->oids = mem_grow(l->oids, room * sizeof *l->oids);
		}
		l->oids[l->left++] = at;
		l->fault = line_back(&more, &at, &seq, l->site,
		    &l->oids[l->left - 1]);
	}
	l->reached = more;
}

/* Our own line after `from`, by which a fork is told. */
static fault
gather_held(struct line *l)
{
	struct oid at;
	struct commit c;
	fault f = ref_get(&at, l->site->repo, l->check->ref);

	if (f != NULL || oid_zero(&at) || l->check->drafts ||
	    (f = site_commit(&c, l->site, &at)) != NULL ||
	    c.seq <= l->from_seq)
		return f;
	l->nheld = (size_t)(c.seq - l->from_seq);
	l->held = mem_new(l->nheld * sizeof *l->held);
	for (size_t i = l->nheld; i-- > 0;) {
		l->held[i] = at;
		if (!site_before(&at, &c) || i == 0)
			break;
		if ((f = site_commit(&c, l->site, &at)) != NULL)
			return f;
	}
	return NULL;
}

static fault
start(struct line *l)
{
	struct commit c;
	fault f;

	l->check->good = l->check->from;
	if (oid_zero(&l->check->from))
		return NULL;
	if ((f = site_commit(&c, l->site, &l->check->from)) != NULL)
		return f;
	l->last = l->check->from;
	l->last_hash = c.hash;
	l->last_seq = l->from_seq = l->check->good_seq = c.seq;
	l->last_generation = c.generation;
	l->last_roster = c.roster_seq;
	return NULL;
}

fault
line_open(struct line *l, struct site *s, struct chain_check *check,
    struct findings *findings)
{
	fault f;

	*l = (struct line){ .site = s, .check = check, .findings = findings };
	l->kind = ref_kind(check->ref, &l->device, NULL);
	check->steps = 0;
	check->good_seq = 0;
	check->pending = check->cut = check->twice = check->ahead = false;
	if ((f = start(l)) != NULL || (f = gather_held(l)) != NULL) {
		l->fault = f;
		return line_close(l);
	}
	gather(l);
	/* A line from the start has reached it when its first has no parent. */
	if (oid_zero(&check->from))
		l->reached = true;
	return l->fault == NULL ? NULL : line_close(l);
}

fault
line_close(struct line *l)
{
	free(l->oids);
	free(l->held);
	buf_free(&l->raw);
	buf_free(&l->blob);
	l->oids = l->held = NULL;
	return l->fault;
}

bool
line_next(struct line *l)
{
	fault f;

	if (l->stopped || l->fault != NULL || l->left == 0)
		return false;
	l->oid = l->oids[--l->left];
	buf_clear(&l->raw);
	l->c = (struct commit){ .seq = l->last_seq + 1 };
	f = site_commit_raw(&l->c, &l->raw, l->site, &l->oid);
	return f == NULL || line_fault(l, f, &l->oid, OBJECT_COMMIT);
}

void
line_good(struct line *l)
{
	l->last = l->check->good = l->oid;
	l->last_hash = l->c.hash;
	l->last_seq = l->check->good_seq = l->c.seq;
	l->last_generation = l->c.generation;
	l->last_roster = l->c.roster_seq;
	l->reached = true;
	l->check->steps++;
}

/* --- the checks --------------------------------------------------------- */

/* Sizes come before all else, whatever the names are. */
static bool
sizes(struct line *l, const struct tree_entry *at, size_t n)
{
	size_t max = ref_blob_max(l->check->ref), len;
	enum object_type type;
	char hex[41];

	for (size_t i = 0; i < n; i++) {
		if (repo_header(&type, &len, l->site->repo, &at[i].blob) !=
		    NULL || len <= max)
			continue;	/* missing: line_blob will say so */
		oid_hex(hex, &at[i].blob);
		return line_bad(l, FIND_OVERSIZED, "object %s is larger than "
		    "the %zu bytes allowed; nothing was taken from it", hex,
		    max);
	}
	return true;
}

/* One entry, of the ref that the commit itself names. */
bool
line_entry(struct line *l)
{
	struct tree_entry *at = NULL;
	struct buf raw = BUF_EMPTY;
	char name[64];
	size_t n = 0;
	bool ok;
	fault f;

	if (ref_kind(l->c.ref, NULL, NULL) == REF_MAIN)
		return true;	/* it is no device's; line_placed says so */
	f = repo_read(&raw, l->site->repo, &l->c.tree, OBJECT_TREE,
	    WIRE_SEGMENT_MAX);
	buf_free(&raw);
	if (f != NULL)
		return line_fault(l, f, &l->c.tree, OBJECT_TREE);
	f = repo_read_tree(&at, &n, l->site->repo, &l->c.tree,
	    WIRE_MEMBERS_MAX);
	ok = sizes(l, at, n);
	if (ok && (f != NULL || n != 1 || !ref_entry(name, l->c.ref) ||
	    strcmp(at[0].name, name) != 0))
		ok = line_bad(l, FIND_FOREIGN_PATH, "commit %" PRIu64 " holds "
		    "other files than the one that its branch may write",
		    l->c.seq);
	if (ok)
		l->entry = at[0].blob;
	free(at);
	return ok;
}

bool
line_blob(struct line *l)
{
	struct hash h;
	fault f;

	if (ref_kind(l->c.ref, NULL, NULL) == REF_MAIN)
		return true;
	buf_clear(&l->blob);
	f = repo_read(&l->blob, l->site->repo, &l->entry, OBJECT_BLOB,
	    ref_blob_max(l->check->ref));
	if (f != NULL)
		return line_fault(l, f, &l->entry, OBJECT_BLOB);
	h = hash_of(buf_view(&l->blob));
	return hash_eq(&h, &l->c.seg) || line_bad(l, FIND_CORRUPT,
	    "commit %" PRIu64 " names another segment than the one it carries",
	    l->c.seq);
}

/* By git's parent; whether that is the right one, line_follows asks. */
bool
line_dated(struct line *l)
{
	struct oid parent;
	uint64_t before = 0;

	if (ref_kind(l->c.ref, NULL, NULL) == REF_MAIN)
		return true;	/* it has more parents than its line */
	if (site_before(&parent, &l->c)) {
		if (!oid_eq(&parent, &l->last))
			return true;
		before = l->last_generation;
	}
	return l->c.generation == before + 1 || line_bad(l, FIND_CORRUPT,
	    "commit %" PRIu64 " does not bear the date of its place in the "
	    "chain", l->c.seq);
}

bool
line_genesis(struct line *l)
{
	bool genesis = hash_zero(&l->c.genesis);
	const struct hash *is = genesis ? &l->c.hash : &l->c.genesis;

	return hash_eq(is, &l->site->genesis) || line_bad(l,
	    FIND_WRONG_PROJECT, "commit %" PRIu64 " belongs to another project "
	    "than ours", l->c.seq);
}

bool
line_member(struct line *l)
{
	const struct roster *r = l->site->roster;
	static const uint8_t none[SIGN_PK];

	for (size_t i = 0; i < r->nmembers; i++)
		if (memcmp(r->members[i].sign_pk, none, SIGN_PK) != 0 &&
		    memcmp(r->members[i].sign_pk, l->c.pk, SIGN_PK) == 0)
			return true;
	return line_bad(l, FIND_NOT_A_MEMBER, "commit %" PRIu64 " is signed by "
	    "a key that the roster does not know", l->c.seq);
}

bool
line_signed(struct line *l)
{
	return commit_signed(&l->c, buf_view(&l->raw)) || line_bad(l,
	    FIND_BAD_SIGNATURE, "the signature of commit %" PRIu64 " is wrong",
	    l->c.seq);
}

bool
line_placed(struct line *l)
{
	return strcmp(l->c.ref, l->check->ref) == 0 || line_bad(l,
	    FIND_REPLAYED, "commit %" PRIu64 " belongs to %s and was put here",
	    l->c.seq, l->c.ref);
}

bool
line_fork(struct line *l)
{
	uint64_t at = l->c.seq - l->from_seq - 1;

	if (l->c.seq <= l->from_seq || at >= l->nheld ||
	    oid_eq(&l->held[at], &l->oid))
		return true;
	return line_bad(l, FIND_FORK, "two validly signed commits have number "
	    "%" PRIu64 "; both are kept, tell the coordinator", l->c.seq);
}

bool
line_follows(struct line *l)
{
	struct oid parent;
	bool has = site_before(&parent, &l->c);
	bool first = oid_zero(&l->last);

	if (!l->reached || l->c.seq != l->last_seq + 1 ||
	    !hash_eq(&l->c.prev, &l->last_hash) || has == first ||
	    (has && !oid_eq(&parent, &l->last)))
		return line_bad(l, FIND_GAP, "commit %" PRIu64 " does not "
		    "follow number %" PRIu64 ", the last that was verified",
		    l->c.seq, l->last_seq);
	return true;
}

bool
line_quotes(struct line *l)
{
	const struct roster *r = l->site->roster;
	const struct hash *h = roster_entry(r, l->c.roster_seq);

	if (l->c.roster_seq < l->last_roster)
		return line_bad(l, FIND_GAP, "commit %" PRIu64 " quotes an "
		    "older roster than the one before it", l->c.seq);
	if (h == NULL) {
		l->check->ahead = true;
		l->stopped = true;
		return false;
	}
	return hash_eq(h, &l->c.roster_hash) || line_bad(l, FIND_GAP,
	    "commit %" PRIu64 " quotes a roster entry %" PRIu64 " that is not "
	    "ours", l->c.seq, l->c.roster_seq);
}
