/*
 * audit -- verify the whole history, as a member or as an outsider.
 */
#include "fieldkit/cmds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sync/audit.h"
#include "sync/pins.h"

static void
audit_json(struct ctx *c, const struct audit *a)
{
	struct json_out w = json_writer(&c->out);

	json_open(&w, '{');
	json_key(&w, "ok");
	json_put_bool(&w, a->findings.n == 0);
	json_key(&w, "commits");
	json_put_int(&w, (int64_t)a->commits);
	json_key(&w, "segments");
	json_put_int(&w, (int64_t)a->segments);
	json_key(&w, "devices");
	json_put_int(&w, (int64_t)a->devices);
	json_key(&w, "findings");
	json_findings(&w, &a->findings);
	json_close(&w);
	buf_text(&c->out, "\n");
}

static void
audit_text(struct ctx *c, const struct audit *a)
{
	if (a->findings.n == 0)
		out(c, "All is as it should be: %zu commits, %zu segments, "
		    "%zu devices, from the genesis to every head.\n",
		    a->commits, a->segments, a->devices);
	else
		out(c, "%zu findings in %zu commits, %zu segments, %zu "
		    "devices:\n", a->findings.n, a->commits, a->segments,
		    a->devices);
	for (size_t i = 0; i < a->findings.n; i++)
		out_finding(c, &a->findings.at[i]);
}

/* Does the roster still want this number of a device's chain? */
static bool
counts(const struct roster *ro, const struct id *device, uint64_t seq)
{
	const struct member *m = roster_member(ro, device);

	return m != NULL && m->status != MEMBER_UNINVITED &&
	    !(roster_ends(m) && seq > m->cut_seq);
}

/* What this very hub has shown us before and shows no more. */
static fault
compare_pins(struct ctx *c, struct audit *a, const char *url)
{
	struct site *site = &c->home.site;
	struct repo_ref *pins = NULL;
	char prefix[64], hex[ID_HEX];
	size_t n = 0;
	fault f;

	if (id_zero(&a->hub))
		return NULL;
	if ((f = home_site(&c->home)) != NULL)
		return f;
	snprintf(prefix, sizeof prefix, "refs/pins/%s/",
	    id_hex(hex, &a->hub));
	f = repo_refs(&pins, &n, site->repo, prefix, 2 * WIRE_REFS_MAX);
	for (size_t i = 0; f == NULL && i < n; i++) {
		struct finding x = { .code = FIND_ROLLBACK };
		enum ref_kind kind;
		struct commit pin;
		uint64_t shows = 0;

		if ((f = site_commit(&pin, site, &pins[i].oid)) != NULL)
			break;
		for (size_t k = 0; k < a->nheads; k++)
			if (strcmp(a->heads[k].ref, pin.ref) == 0)
				shows = a->heads[k].seq;
		kind = ref_kind(pin.ref, &x.device, NULL);
		if (shows >= pin.seq || kind == REF_KEYRING ||
		    kind == REF_HUB || (kind == REF_DEVICE &&
		    !counts(site->roster, &x.device, pin.seq)))
			continue;
		snprintf(x.hub, sizeof x.hub, "%.500s", url);
		snprintf(x.ref, sizeof x.ref, "%s", pin.ref);
		x.seq = shows;
		snprintf(x.text, sizeof x.text, say("this hub has shown "
		    "commit %llu of this branch and now shows %llu"),
		    (unsigned long long)pin.seq, (unsigned long long)shows);
		findings_add(&a->findings, &x);
	}
	free(pins);
	return f;
}

/*
 * Objects that it has lost: our next sync looks what we can give back.  (What
 * is damaged and still there stays so: nobody overwrites an object.)
 */
static fault
note_loss(struct ctx *c, const struct audit *a)
{
	struct site *site = &c->home.site;
	char ref[REF_MAX];
	struct oid was, any;
	bool lost = false;
	fault f;

	for (size_t i = 0; i < a->findings.n; i++)
		lost |= a->findings.at[i].code == FIND_CORRUPT;
	if (!lost || id_zero(&a->hub))
		return NULL;
	lost_name(ref, &a->hub);
	if ((f = ref_get(&any, site->repo, SITE_ROSTER)) != NULL ||
	    (f = ref_get(&was, site->repo, ref)) != NULL)
		return f;
	note("your next sync gives this hub what it has lost and you hold; "
	    "audit it again after that");
	return ref_put(site->repo, ref, &was, &any);
}

static fault
audit_with(struct ctx *c, const char *url, const struct hash *genesis,
    const char *scratch)
{
	const char *signers = option(c, "signers");
	struct audit a = { .commits = 0 };
	fault f = audit(&a, url, genesis, scratch);

	if (f == NULL && c->home.path != NULL &&
	    (f = compare_pins(c, &a, url)) == NULL)
		f = note_loss(c, &a);
	if (f == NULL && signers != NULL)
		f = file_write(signers, buf_view(&a.signers), 0644);
	if (f == NULL) {
		if (c->json)
			audit_json(c, &a);
		else
			audit_text(c, &a);
		if (a.findings.n > 0)
			c->status = 8;
	}
	audit_free(&a);
	return f;
}

/* Ciphertext only, but still: a folder of our own, removed at the end. */
static fault
outsider(struct ctx *c, const char *url)
{
	const char *tmp = getenv("TMPDIR");
	struct buf b = BUF_EMPTY;
	struct hash genesis;
	fault f;

	if (!hex_parse(genesis.b, sizeof genesis.b,
	    bytes_of(option(c, "genesis"))))
		return fault_new(FAULT_USAGE, "--genesis is 64 hex digits");
	buf_text(&b, "%s/fieldkit-audit.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	buf_cstr(&b);
	if (mkdtemp((char *)b.at) == NULL)
		f = fault_errno(FAULT_FAIL, "cannot make a folder to audit "
		    "in");
	else {
		char *scratch = path_join((char *)b.at, "repo.git");

		f = audit_with(c, url, &genesis, scratch);
		rmdir((char *)b.at);
		free(scratch);
	}
	buf_free(&b);
	return f;
}

fault
cmd_audit(struct ctx *c)
{
	char *url = NULL, *scratch;
	fault f;

	if (option(c, "genesis") != NULL) {
		if (c->nargs != 1)
			return fault_new(FAULT_USAGE, "usage: fieldkit audit "
			    "URL --genesis HASH");
		return outsider(c, c->args[0]);
	}
	if ((f = cmd_open(c)) != NULL ||
	    (f = cmd_hub_url(c, c->nargs > 0 ? c->args[0] : NULL, &url)) !=
	    NULL)
		return f;
	scratch = home_file(&c->home, "audit.git");
	f = audit_with(c, url, &c->home.genesis, scratch);
	free(scratch);
	free(url);
	return f;
}
