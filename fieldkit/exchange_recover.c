/*
 * exchange_recover -- this device becomes coordinator by the paper key's word:
 * secrets from the roster, the entry, its way to the hub.  And when the paper
 * key was last tried here.
 */
#include "fieldkit/exchange.h"

#define TRIES 5			/* races lost to another's entry */

static bool
coordinates(const struct home *h)
{
	const struct member *m = roster_member(h->site.roster, &h->device);

	return m != NULL && m->status == MEMBER_ACTIVE &&
	    (m->caps & CAP_COORDINATE) != 0;
}

static fault
may_recover(const struct home *h, const struct paper *p)
{
	const struct member *m = roster_member(h->site.roster, &h->device);

	if (!recover_is(h->site.roster, p))
		return fault_new(FAULT_LOCKED, "this recovery key is another "
		    "project's, or was replaced; nothing was changed; look for "
		    "the envelope of this project");
	if (coordinates(h))
		return fault_new(FAULT_INVALID, "this device coordinates "
		    "already; nothing was changed");
	if (m == NULL || m->status != MEMBER_ACTIVE)
		return fault_new(FAULT_LOCKED, "this device is no admitted "
		    "member, so it cannot be made coordinator; nothing was "
		    "changed; use a colleague's device");
	return NULL;
}

/*
 * What was closed to this device is in the chains that it has: all of them
 * are opened again at the next import.
 */
static fault
take_secrets(struct home *h, const struct paper *p)
{
	const struct roster *ro = h->site.roster;
	fault f;

	if ((f = recover_secrets(h->keys, ro, p)) != NULL ||
	    (f = db_begin(h->db)) != NULL)
		return f;
	f = home_save_keys(h);
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++)
		if (!id_eq(&ro->members[i].device, &h->device))
			f = store_set_opened(&h->store,
			    &ro->members[i].device, 0);
	if ((f = db_end(h->db, f)) != NULL)
		return f;
	return site_reload(&h->site);
}

static fault
append(struct home *h, struct entry *e)
{
	struct buf blob = BUF_EMPTY;
	struct commit c = { .seq = 0 };
	struct oid oid;
	fault f;

	if ((f = entry_finish(&blob, e, roster_epoch(h->site.roster)->e,
	    h->keys, h->site.squeeze)) == NULL)
		f = site_append(&oid, &h->site, SITE_ROSTER, &c,
		    buf_view(&blob), &h->signer);
	buf_free(&blob);
	entry_free(e);
	return f;
}

/* A recovery stands alone; what its device is called now comes behind it. */
static fault
write_entries(struct home *h, const struct paper *p)
{
	const struct member *m;
	struct entry e = ENTRY_EMPTY;
	fault f;

	recover_entry(&e, h->site.roster, &h->device, p);
	if ((f = append(h, &e)) != NULL)
		return f;
	m = roster_member(h->site.roster, &h->device);
	entry_name(&e, &h->device, ROLE_COORDINATOR,
	    m->name == NULL ? "?" : m->name);
	if ((f = append(h, &e)) != NULL)
		return f;
	return exchange_remember(h);
}

static fault
once(struct home *h, const struct paper *p)
{
	struct file_lock lock = FILE_LOCK_NONE;
	fault f;

	if ((f = home_lock(&lock, h)) != NULL)
		return f;
	if ((f = may_recover(h, p)) == NULL &&
	    (f = take_secrets(h, p)) == NULL)
		f = write_entries(h, p);
	file_unlock(&lock);
	return f;
}

/*
 * First what others did meanwhile: our entry names the one before it, and
 * another's that binds first makes ours void.
 */
fault
exchange_recover(struct home *h, const char *url, const struct paper *p,
    fault *unbound)
{
	struct fault given_up;
	fault f;

	if ((f = home_site(h)) != NULL || (f = may_recover(h, p)) != NULL)
		return f;
	*unbound = url == NULL ? fault_new(FAULT_HUB, "no hub is known") :
	    exchange_roster(h, url, &given_up);
	h->drafts_stand = true;
	if ((f = once(h, p)) != NULL)
		return f;
	for (int i = 0; i < TRIES && *unbound == NULL; i++) {
		*unbound = exchange_roster(h, url, &given_up);
		if (coordinates(h))
			break;
		if ((f = once(h, p)) != NULL)
			return f;
	}
	h->drafts_stand = false;
	if (*unbound == NULL && h->site.bound < h->site.roster->seq)
		*unbound = fault_new(FAULT_HUB, "%s is not the project's home "
		    "hub", url);
	return NULL;
}

/* --- when it was tried -------------------------------------------------- */

fault
exchange_paper_tested(struct home *h, uint64_t when)
{
	struct buf b = BUF_EMPTY;
	fault f;

	buf_add(&b, h->site.roster->paper_sign, 32);
	put_u64(&b, when);
	f = store_set(&h->store, "paper-tested", buf_view(&b));
	buf_free(&b);
	return f;
}

fault
exchange_paper_when(struct home *h, uint64_t *when)
{
	struct buf b = BUF_EMPTY;
	struct reader r;
	uint64_t at;
	fault f;

	*when = 0;
	if ((f = store_get(&h->store, "paper-tested", &b)) == NULL) {
		r = reader_of(buf_view(&b));
		if (bytes_eq(get_bytes(&r, 32), (struct bytes){
		    h->site.roster->paper_sign, 32 })) {
			at = get_u64(&r);
			*when = reader_whole(&r) ? at : 0;
		}
	}
	buf_free(&b);
	return f;
}
