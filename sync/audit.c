#include "sync/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/file.h"
#include "sync/base/lang.h"
#include "sync/mainline.h"
#include "sync/pins.h"
#include "sync/sync.h"
#include "sync/sync_own.h"

#define REFS_MAX 16384

/*
 * An audit is a sync of nobody's empty repository: the same code verifies
 * the same things, from the genesis on, and nothing is given back.
 */

static fault
length(uint64_t *seq, struct site *s, const char *ref)
{
	struct commit c;
	struct oid head;
	fault f = site_head(&c, &head, s, ref);

	*seq = f == NULL ? c.seq : 0;
	return f != NULL && f->code == FAULT_ABSENT ? NULL : f;
}

static fault
count(struct audit *a, struct sync *s)
{
	struct repo_ref *refs = NULL;
	size_t n = 0;
	uint64_t seq;
	enum ref_kind kind;
	fault f = repo_refs(&refs, &n, s->site->repo, "refs/heads/",
	    REFS_MAX);

	a->heads = mem_new(n * sizeof *a->heads);
	for (size_t i = 0; f == NULL && i < n; i++) {
		if ((f = length(&seq, s->site, refs[i].name)) != NULL)
			break;
		a->heads[a->nheads].seq = seq;
		snprintf(a->heads[a->nheads++].ref, REF_MAX, "%s",
		    refs[i].name);
		kind = ref_kind(refs[i].name, NULL, NULL);
		a->commits += kind == REF_KEYRING ? 1 : (size_t)seq;
		if (kind == REF_DEVICE) {
			a->devices++;
			a->segments += (size_t)seq;
		} else if (kind == REF_MAIN) {
			a->main_seq = seq;
			a->main = refs[i].oid;
		}
	}
	a->commits += s->hub_known;
	free(refs);
	return f;
}

static bool
reaches(const struct audit *a, const char *ref)
{
	for (size_t i = 0; i < a->nheads; i++)
		if (strcmp(a->heads[i].ref, ref) == 0)
			return true;
	return false;
}

/*
 * What is there and should not be; and what must be there and is not: the
 * roster, and the chain of everyone who was admitted, since it began with the
 * commit that joined.
 */
static void
find_odd(struct audit *a, struct sync *s)
{
	const struct roster *ro = s->site->roster;
	char ref[REF_MAX];

	if (s->foreign > 0)
		sync_finding(s, FIND_FOREIGN_PATH, "refs/heads", 0, say("this "
		    "hub holds branches that are not the kit's; they were "
		    "left alone"));
	if (ro->seq == 0)
		sync_finding(s, FIND_WITHHELD, SITE_ROSTER, 1, say("this hub "
		    "shows no roster: nothing of the project can be verified "
		    "from it"));
	for (size_t i = 0; i < ro->nmembers; i++) {
		if (ro->members[i].admitted_at == 0 ||
		    ro->members[i].invited_at == 0)
			continue;
		ref_device(ref, &ro->members[i].device);
		if (!reaches(a, ref))
			sync_finding(s, FIND_WITHHELD, ref, 1, say("this device "
			    "was admitted, so its branch exists; this hub does "
			    "not show it"));
	}
}

/* --- allowed signers ---------------------------------------------------- */

/* Whose key signs: the roster's, or while pending that of the join line. */
static fault
signer_key(uint8_t pk[SIGN_PK], bool *known, struct site *s,
    const struct member *m)
{
	char ref[REF_MAX];
	struct commit c;
	struct oid head;
	fault f;

	*known = m->invited_at == 0 || m->admitted_at != 0;
	if (*known) {
		memcpy(pk, m->sign_pk, SIGN_PK);
		return NULL;
	}
	ref_device(ref, &m->device);
	f = site_head(&c, &head, s, ref);
	*known = f == NULL;
	if (*known)
		memcpy(pk, c.pk, SIGN_PK);
	return f != NULL && f->code == FAULT_ABSENT ? NULL : f;
}

static fault
list_signers(struct audit *a, struct site *s)
{
	uint8_t pk[SIGN_PK];
	char hex[ID_HEX];
	bool known;
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < s->roster->nmembers; i++) {
		const struct member *m = &s->roster->members[i];

		if ((f = signer_key(pk, &known, s, m)) != NULL || !known)
			continue;
		id_hex(hex, &m->device);
		if (m->cut_at != 0)
			buf_text(&a->signers, "# %s was cut off after its "
			    "commit %" PRIu64 " by roster entry %" PRIu64
			    "; later ones do not count\n", hex, m->cut_seq,
			    m->cut_at);
		sign_allowed(&a->signers, hex, pk);
	}
	return f;
}

/* --- the audit ---------------------------------------------------------- */

/* What is wrong with the hub is a finding; a fault stops. */
static fault
verify(struct audit *a, struct site *site, struct carry *carry)
{
	struct sync s;
	fault f;

	if ((f = sync_begin(&s, site, carry)) != NULL ||
	    (f = sync_fetch_first(&s)) != NULL ||
	    (f = sync_fetch_keyrings(&s)) != NULL ||
	    (f = sync_fetch_rest(&s)) != NULL)
		goto done;
	a->hub = s.hub;
	if ((f = count(a, &s)) != NULL)
		goto done;
	find_odd(a, &s);
	f = list_signers(a, site);
done:
	for (size_t i = 0; i < s.findings.n; i++)
		findings_add(&a->findings, &s.findings.at[i]);
	if (f != NULL && f->code == FAULT_TRUST && a->findings.n > 0)
		f = NULL;
	sync_end(&s);
	return f;
}

/* The folder's own state is a finding, as every other lie of a hub. */
static fault
open_hub(struct carry **out, struct audit *a, const char *url)
{
	struct finding x = chain_finding(FIND_HOSTILE_HUB, url, "", 0);
	fault f = carry_open(out, url, NULL);

	if (f == NULL || f->code != FAULT_TRUST)
		return f;
	snprintf(x.text, sizeof x.text, "%.290s", f->text);
	findings_add(&a->findings, &x);
	*out = NULL;
	return NULL;
}

fault
audit(struct audit *out, const char *url, const struct hash *genesis,
    const char *scratch)
{
	struct audit a = { .commits = 0 };
	struct site site = { .genesis = *genesis };
	struct carry *carry = NULL;
	fault f, g;

	if (file_exists(scratch))
		return fault_new(FAULT_INVALID, "%s exists already; an audit "
		    "needs a folder of its own to work in", scratch);
	if ((f = open_hub(&carry, &a, url)) == NULL && carry != NULL &&
	    (f = repo_create(scratch)) == NULL &&
	    (f = site_open(&site, scratch, NULL)) == NULL)
		f = verify(&a, &site, carry);
	carry_close(carry);
	site_close(&site);
	g = file_remove_tree(scratch);
	if (f == NULL)
		f = g;
	if (f == NULL)
		*out = a;
	else
		audit_free(&a);
	return f;
}

void
audit_free(struct audit *a)
{
	findings_free(&a->findings);
	free(a->heads);
	buf_free(&a->signers);
	*a = (struct audit){ .commits = 0 };
}
