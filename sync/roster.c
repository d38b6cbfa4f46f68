#include "sync/roster.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX 4	/* what `seen` names of a device id */

static const char *const role_names[] = {
	[ROLE_COORDINATOR] = "coordinator",
	[ROLE_WORKER] = "worker",
	[ROLE_ANALYST] = "analyst",
	[ROLE_AUDITOR] = "auditor",
};

struct roster *
roster_new(void)
{
	return mem_new(sizeof(struct roster));
}

void
roster_free(struct roster *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->nmembers; i++)
		free(r->members[i].name);
	for (size_t i = 0; i < r->nheld; i++)
		buf_free(&r->held[i].item);
	free(r->members);
	free(r->held);
	free(r->epochs);
	free(r->entries);
	free(r->title);
	buf_free(&r->pack);
	erasures_free(&r->erased);
	free(r);
}

static void *
copy_array(const void *at, size_t n, size_t size)
{
	void *p = mem_new(n * size);

	if (n > 0)
		memcpy(p, at, n * size);
	return p;
}

static char *
copy_text(const char *s)
{
	return s == NULL ? NULL : mem_text(s);
}

static struct buf
copy_buf(const struct buf *b)
{
	struct buf to = BUF_EMPTY;

	buf_add_bytes(&to, buf_view(b));
	return to;
}

struct roster *
roster_copy(const struct roster *r)
{
	struct roster *to = copy_array(r, 1, sizeof *r);

	to->entries = copy_array(r->entries, r->seq, sizeof *r->entries);
	to->epochs = copy_array(r->epochs, r->nepochs, sizeof *r->epochs);
	to->members = copy_array(r->members, r->nmembers, sizeof *r->members);
	for (size_t i = 0; i < r->nmembers; i++)
		to->members[i].name = copy_text(r->members[i].name);
	to->held = copy_array(r->held, r->nheld, sizeof *r->held);
	for (size_t i = 0; i < r->nheld; i++)
		to->held[i].item = copy_buf(&r->held[i].item);
	to->title = copy_text(r->title);
	to->pack = copy_buf(&r->pack);
	to->erased = erasures_copy(&r->erased);
	return to;
}

const struct member *
roster_member(const struct roster *r, const struct id *device)
{
	for (size_t i = 0; i < r->nmembers; i++)
		if (id_eq(&r->members[i].device, device))
			return &r->members[i];
	return NULL;
}

const struct member *
roster_signer(const struct roster *r, const uint8_t pk[SIGN_PK])
{
	for (size_t i = 0; i < r->nmembers; i++)
		if (r->members[i].status == MEMBER_ACTIVE &&
		    memcmp(r->members[i].sign_pk, pk, SIGN_PK) == 0)
			return &r->members[i];
	return NULL;
}

bool
roster_prefix_taken(const struct roster *r, const struct id *device)
{
	for (size_t i = 0; i < r->nmembers; i++)
		if (memcmp(r->members[i].device.b, device->b, PREFIX) == 0)
			return true;
	return false;
}

bool
roster_key_used(const struct roster *r, const uint8_t pk[SIGN_PK],
    const struct member *but)
{
	static const uint8_t none[SIGN_PK];

	for (size_t i = 0; i < r->nmembers; i++) {
		const struct member *m = &r->members[i];

		if ((m != but && memcmp(m->sign_pk, pk, SIGN_PK) == 0) ||
		    memcmp(m->once_pk, pk, SIGN_PK) == 0)
			return true;
	}
	return memcmp(r->paper_sign, pk, SIGN_PK) == 0 ||
	    memcmp(none, pk, SIGN_PK) == 0;
}

bool
roster_join_fits(const struct roster *r, const struct member *m,
    const struct join *j)
{
	return id_eq(&j->device, &m->device) &&
	    id_eq(&j->project, &r->project) && hash_eq(&j->file, &m->file) &&
	    !roster_key_used(r, j->sign_pk, m) &&
	    sign_box_usable(j->box_pk) && join_ok(j, m->once_pk);
}

const struct epoch *
roster_epoch(const struct roster *r)
{
	return r->nepochs == 0 ? NULL : &r->epochs[r->nepochs - 1];
}

/* They count up from 1 without a gap. */
const struct epoch *
roster_epoch_at(const struct roster *r, uint64_t seq)
{
	const struct epoch *e = NULL;

	for (size_t i = 0; i < r->nepochs; i++)
		if (r->epochs[i].opened_at <= seq)
			e = &r->epochs[i];
	return e;
}

const struct epoch *
roster_epoch_of(const struct roster *r, uint32_t e)
{
	return e == 0 || e > r->nepochs ? NULL : &r->epochs[e - 1];
}

const struct hash *
roster_entry(const struct roster *r, uint64_t seq)
{
	return seq == 0 || seq > r->seq ? NULL : &r->entries[seq - 1];
}

size_t
roster_puncture(const struct roster *r, struct keys *k)
{
	size_t had = 0;

	for (size_t i = 0; i < r->nepochs; i++) {
		struct tree *t = keys_tree(k, r->epochs[i].g);

		if (t != NULL && (i == 0 ||
		    r->epochs[i].g != r->epochs[i - 1].g))
			had += erasures_puncture(&r->erased, t);
	}
	return had;
}

bool
roster_ends(const struct member *m)
{
	return m->cut_at != 0 && !(m->status == MEMBER_ACTIVE &&
	    m->cut_reason == CUT_DEMOTED);
}

bool
roster_main_counts(const struct member *m, uint64_t seq, uint64_t quoted)
{
	if (m->cut_at == 0 || seq < m->cut_main_seq)
		return true;
	return m->coordinates && m->coordinates_at > m->cut_at &&
	    quoted >= m->coordinates_at;
}

bool
roster_coordinated(const struct roster *r, const uint8_t pk[SIGN_PK],
    uint64_t at)
{
	const struct member *m = NULL;

	for (size_t i = 0; i < r->nmembers && m == NULL; i++)
		if (memcmp(r->members[i].sign_pk, pk, SIGN_PK) == 0)
			m = &r->members[i];
	if (m == NULL || m->coordinates_at == 0 || at < m->coordinates_at)
		return false;
	return m->coordinates || (m->cut_at != 0 && at < m->cut_at);
}

size_t
roster_coordinators(const struct roster *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nmembers; i++)
		n += r->members[i].status == MEMBER_ACTIVE &&
		    (r->members[i].caps & CAP_COORDINATE) != 0;
	return n;
}

const char *
role_name(enum role role)
{
	return role >= ROLE_COORDINATOR && role <= ROLE_AUDITOR ?
	    role_names[role] : "unknown";
}

bool
role_parse(enum role *out, const char *name)
{
	for (int i = ROLE_COORDINATOR; i <= ROLE_AUDITOR; i++)
		if (strcmp(name, role_names[i]) == 0) {
			*out = (enum role)i;
			return true;
		}
	return false;
}

uint8_t
role_caps(enum role role)
{
	switch (role) {
	case ROLE_COORDINATOR:
		return CAP_WRITE | CAP_COORDINATE;
	case ROLE_WORKER:
	case ROLE_ANALYST:
		return CAP_WRITE;
	default:
		return 0;
	}
}
