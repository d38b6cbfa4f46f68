#include "fieldkit/silence.h"

#include <stdio.h>

#include "sync/base/clock.h"
#include "sync/base/lang.h"
#include "sync/ref.h"

#define DAY_MS (UINT64_C(86400) * 1000)
/* Between two syncs not more is counted than this, and nothing if they are
 * so far apart that rather the clock was wrong. */
#define GAP_MAX (14 * DAY_MS)
#define GAP_ODD (90 * DAY_MS)

/* Settings.  "listened": time listened 8, our clock then 8.  "heard/DEVICE":
 * its head 20, time listened by then 8. */
static fault
read_listened(struct store *st, uint64_t *total, uint64_t *last)
{
	struct buf b = BUF_EMPTY;
	struct reader r;
	fault f = store_get(st, "listened", &b);

	r = reader_of(buf_view(&b));
	*total = get_u64(&r);	/* zeros if there is nothing */
	*last = get_u64(&r);
	buf_free(&b);
	return f;
}

static fault
listen(struct store *st, uint64_t *total)
{
	struct buf b = BUF_EMPTY;
	uint64_t now = clock_wall_ms(), last, gap;
	fault f;

	if ((f = read_listened(st, total, &last)) != NULL)
		return f;
	gap = last != 0 && now > last && now - last <= GAP_ODD ? now - last : 0;
	*total += gap < GAP_MAX ? gap : GAP_MAX;
	put_u64(&b, *total);
	put_u64(&b, now);
	f = store_set(st, "listened", buf_view(&b));
	buf_free(&b);
	return f;
}

struct heard {
	struct oid	head;		/* zeros: no branch yet */
	uint64_t	at;		/* time listened by then */
};

static fault
read_heard(struct store *st, const struct id *device, struct heard *to,
    bool *known)
{
	struct buf b = BUF_EMPTY;
	char name[ID_HEX + 8], hex[ID_HEX];
	struct reader r;
	fault f;

	snprintf(name, sizeof name, "heard/%s", id_hex(hex, device));
	f = store_get(st, name, &b);
	r = reader_of(buf_view(&b));
	get_copy(&r, to->head.b, sizeof to->head.b);
	to->at = get_u64(&r);
	*known = f == NULL && reader_whole(&r);
	buf_free(&b);
	return f;
}

static fault
write_heard(struct store *st, const struct id *device, const struct heard *h)
{
	struct buf b = BUF_EMPTY;
	char name[ID_HEX + 8], hex[ID_HEX];
	fault f;

	snprintf(name, sizeof name, "heard/%s", id_hex(hex, device));
	buf_add(&b, h->head.b, sizeof h->head.b);
	put_u64(&b, h->at);
	f = store_set(st, name, buf_view(&b));
	buf_free(&b);
	return f;
}

static fault
add_finding(struct home *h, const struct id *device, struct findings *to)
{
	struct finding x = { .code = FIND_STALE, .device = *device };
	struct commit c = { .seq = 0 };
	struct oid oid;
	fault f;

	ref_device(x.ref, device);
	f = site_head(&c, &oid, &h->site, x.ref);
	if (f != NULL && f->code != FAULT_ABSENT)
		return f;
	x.seq = f == NULL ? c.seq : 0;
	snprintf(x.text, sizeof x.text, "%s", say("nothing has come from this "
	    "device for more than 30 days; ask whether it is lost or at rest; "
	    "if it is lost, the coordinator must know"));
	findings_add(to, &x);
	return NULL;
}

static fault
note_one(struct home *h, const struct id *device, uint64_t total,
    struct findings *to)
{
	struct heard was, now = { .at = total };
	char ref[REF_MAX];
	bool known;
	fault f;

	ref_device(ref, device);
	f = repo_ref(&now.head, h->site.repo, ref);
	if (f != NULL && f->code != FAULT_ABSENT)
		return f;
	if ((f = read_heard(&h->store, device, &was, &known)) != NULL)
		return f;
	if (!known || !oid_eq(&was.head, &now.head))
		return write_heard(&h->store, device, &now);
	return total > was.at + SILENCE_DAYS * DAY_MS ?
	    add_finding(h, device, to) : NULL;
}

fault
silence_note(struct home *h, struct findings *to)
{
	const struct roster *ro = h->site.roster;
	uint64_t total;
	fault f;

	if ((f = db_begin(h->db)) != NULL)
		return f;
	f = listen(&h->store, &total);
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++)
		if (ro->members[i].status == MEMBER_ACTIVE &&
		    !id_eq(&ro->members[i].device, &h->device))
			f = note_one(h, &ro->members[i].device, total, to);
	return db_end(h->db, f);
}

fault
silence_days(struct home *h, const struct id *device, int64_t *days)
{
	uint64_t total, last;
	struct heard heard;
	bool known;
	fault f;

	*days = -1;
	if ((f = read_listened(&h->store, &total, &last)) == NULL &&
	    (f = read_heard(&h->store, device, &heard, &known)) == NULL &&
	    known && total >= heard.at)
		*days = (int64_t)((total - heard.at) / DAY_MS);
	return f;
}
