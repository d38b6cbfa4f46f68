/*
 * entry -- building the bytes of a roster entry: one function an item, then
 * the blob.
 */
#include "sync/roster.h"

#include <string.h>

#include <sodium.h>

#include "sync/base/secret.h"

static void
add_clear(struct entry *e, enum roster_item kind, struct buf *body)
{
	item_put(&e->clear, kind, buf_view(body));
	e->nclear++;
	buf_free(body);
}

static void
add_sealed(struct entry *e, enum roster_item kind, struct bytes body)
{
	item_put(&e->sealed, kind, body);
	e->nsealed++;
}

static void
put_id(struct buf *b, const struct id *id)
{
	buf_add(b, id->b, WIRE_ID_LEN);
}

void
entry_project(struct entry *e, const struct id *project, bool practice)
{
	struct buf b = BUF_EMPTY;

	put_id(&b, project);
	put_u16(&b, 1);
	put_u8(&b, practice);
	add_clear(e, ITEM_PROJECT, &b);
}

void
entry_member(struct entry *e, const struct member *m)
{
	struct buf b = BUF_EMPTY;

	put_id(&b, &m->device);
	buf_add(&b, m->sign_pk, sizeof m->sign_pk);
	buf_add(&b, m->box_pk, sizeof m->box_pk);
	put_u8(&b, m->caps);
	add_clear(e, ITEM_MEMBER, &b);
}

void
entry_paper(struct entry *e, const uint8_t sign[32], const uint8_t box[32])
{
	struct buf b = BUF_EMPTY;

	buf_add(&b, sign, 32);
	buf_add(&b, box, 32);
	add_clear(e, ITEM_PAPER, &b);
}

static fault
not_held(uint32_t e)
{
	return fault_new(FAULT_LOCKED, "the secrets of epoch %u are not all "
	    "on this device; nothing was written", e);
}

/* All four secrets of e, one behind the other. */
static fault
gather(uint8_t *all, uint32_t e, const struct keys *k)
{
	for (int c = COMP_LEDGER; c < COMP_COUNT; c++)
		if (!keys_get_secret(all + c * WIRE_KEY_LEN, k,
		    (enum compartment)c, e))
			return not_held(e);
	return NULL;
}

static fault
put_to_paper(struct buf *b, const uint8_t *all, const uint8_t paper_box[32])
{
	uint8_t box[EPOCH_TO_PAPER];

	if (crypto_box_seal(box, all, COMP_COUNT * WIRE_KEY_LEN,
	    paper_box) != 0)
		return fault_new(FAULT_INVALID, "the paper key is no key; "
		    "nothing was written");
	buf_add(b, box, sizeof box);
	return NULL;
}

/* The commitments of e's secrets, and the secrets to the paper key. */
static fault
put_secrets(struct buf *b, uint32_t e, const struct keys *k,
    const struct hash *tree, const uint8_t paper_box[32])
{
	uint8_t *all = secret_new(COMP_COUNT * WIRE_KEY_LEN);
	fault f;

	if ((f = gather(all, e, k)) != NULL)
		goto done;
	for (int c = COMP_LEDGER; c < COMP_COUNT; c++) {
		struct hash h = keys_commitment(all + c * WIRE_KEY_LEN,
		    (enum compartment)c, e);

		buf_add(b, h.b, sizeof h.b);
	}
	buf_add(b, tree->b, sizeof tree->b);
	f = put_to_paper(b, all, paper_box);
done:
	secret_free(all, COMP_COUNT * WIRE_KEY_LEN);
	return f;
}

fault
entry_epoch(struct entry *en, const struct epoch_plan *p, struct keys *k)
{
	const struct tree *t = keys_tree(k, p->g);
	struct hash h = { { 0 } };
	struct buf b = BUF_EMPTY;
	fault f;

	if (t != NULL)
		h = p->tree != NULL ? *p->tree : tree_commitment(t);
	if (hash_zero(&h))
		return not_held(p->e);
	put_u32(&b, p->e);
	put_u32(&b, p->g);
	if ((f = put_secrets(&b, p->e, k, &h, p->paper_box)) == NULL)
		add_clear(en, ITEM_EPOCH, &b);
	buf_free(&b);
	return f;
}

fault
entry_old_epoch(struct entry *en, uint32_t e, const struct keys *k,
    const uint8_t paper_box[32])
{
	uint8_t *all = secret_new(COMP_COUNT * WIRE_KEY_LEN);
	struct buf b = BUF_EMPTY;
	fault f;

	put_u32(&b, e);
	if ((f = gather(all, e, k)) == NULL &&
	    (f = put_to_paper(&b, all, paper_box)) == NULL)
		add_clear(en, ITEM_OLD_EPOCH, &b);
	secret_free(all, COMP_COUNT * WIRE_KEY_LEN);
	buf_free(&b);
	return f;
}

void
entry_invite(struct entry *e, const struct member *m)
{
	struct buf b = BUF_EMPTY;

	put_id(&b, &m->device);
	buf_add(&b, m->once_pk, sizeof m->once_pk);
	put_u8(&b, m->caps);
	put_u64(&b, m->expires);
	buf_add(&b, m->file.b, sizeof m->file.b);
	add_clear(e, ITEM_INVITE, &b);
}

void
entry_admit(struct entry *e, const struct id *device, const uint8_t sign[32],
    const uint8_t box[32])
{
	struct buf b = BUF_EMPTY;

	put_id(&b, device);
	buf_add(&b, sign, 32);
	buf_add(&b, box, 32);
	add_clear(e, ITEM_ADMIT, &b);
}

void
entry_uninvite(struct entry *e, const struct id *device, bool never_handed_over)
{
	struct buf b = BUF_EMPTY;

	put_id(&b, device);
	put_u8(&b, never_handed_over);
	add_clear(e, ITEM_UNINVITE, &b);
}

void
entry_cut(struct entry *e, const struct member *m)
{
	struct buf b = BUF_EMPTY;

	put_id(&b, &m->device);
	put_u64(&b, m->cut_seq);
	buf_add(&b, m->cut_hash.b, WIRE_HASH_LEN);
	put_u64(&b, m->cut_main_seq);
	buf_add(&b, m->cut_main_hash.b, WIRE_HASH_LEN);
	put_u8(&b, (uint8_t)m->cut_reason);
	add_clear(e, ITEM_CUT, &b);
}

void
entry_caps(struct entry *e, const struct id *device, uint8_t caps)
{
	struct buf b = BUF_EMPTY;

	put_id(&b, device);
	put_u8(&b, caps);
	add_clear(e, ITEM_CAPS, &b);
}

void
entry_home(struct entry *e, const struct id *hub)
{
	struct buf b = BUF_EMPTY;

	put_id(&b, hub);
	add_clear(e, ITEM_HOME, &b);
}

static void
put_approve(struct buf *b, uint64_t seq, const struct hash *h,
    enum approve_how how)
{
	put_u64(b, seq);
	buf_add(b, h->b, WIRE_HASH_LEN);
	put_u8(b, (uint8_t)how);
}

void
entry_approve(struct entry *e, uint64_t seq, const struct hash *h)
{
	struct buf b = BUF_EMPTY;

	put_approve(&b, seq, h, APPROVE_COORDINATOR);
	add_clear(e, ITEM_APPROVE, &b);
}

static void
put_paper_sig(struct buf *b, const uint8_t paper_sk[SIGN_SK], struct bytes msg)
{
	uint8_t sig[WIRE_SIG_LEN];

	sign(sig, paper_sk, SIGN_ROSTER, msg);
	buf_add(b, sig, sizeof sig);
}

void
entry_approve_paper(struct entry *e, uint64_t seq, const struct hash *h,
    const uint8_t paper_sk[SIGN_SK])
{
	struct buf b = BUF_EMPTY;

	put_approve(&b, seq, h, APPROVE_PAPER);
	put_paper_sig(&b, paper_sk, (struct bytes){ h->b, WIRE_HASH_LEN });
	add_clear(e, ITEM_APPROVE, &b);
}

void
entry_feature(struct entry *e, uint16_t level)
{
	struct buf b = BUF_EMPTY;

	put_u16(&b, level);
	add_clear(e, ITEM_FEATURE, &b);
}

/* The hash of the entry before it binds the word to this one place. */
void
entry_recover(struct entry *e, const struct roster *r,
    const struct id *device, const uint8_t paper_sk[SIGN_SK])
{
	const struct hash *prev = roster_entry(r, r->seq);
	struct buf b = BUF_EMPTY, msg = BUF_EMPTY;

	put_id(&msg, &r->project);
	put_id(&msg, device);
	buf_add(&msg, prev->b, WIRE_HASH_LEN);
	put_id(&b, device);
	put_paper_sig(&b, paper_sk, buf_view(&msg));
	add_clear(e, ITEM_RECOVER, &b);
	buf_free(&msg);
}

void
entry_title(struct entry *e, const char *title)
{
	add_sealed(e, ITEM_TITLE, bytes_of(title));
}

void
entry_name(struct entry *e, const struct id *device, enum role role,
    const char *name)
{
	struct buf b = BUF_EMPTY;

	put_id(&b, device);
	put_u8(&b, (uint8_t)role);
	buf_add_bytes(&b, bytes_of(name));
	add_sealed(e, ITEM_NAME, buf_view(&b));
	buf_free(&b);
}

void
entry_reason(struct entry *e, const char *reason)
{
	add_sealed(e, ITEM_REASON, bytes_of(reason));
}

void
entry_pack(struct entry *e, struct bytes pack)
{
	add_sealed(e, ITEM_PACK, pack);
}

void
entry_erase(struct entry *e, const struct erase *x)
{
	struct buf b = BUF_EMPTY;

	put_id(&b, &x->record);
	put_u64(&b, x->time);
	put_counted(&b, x->reason);
	put_counted(&b, x->basis);
	put_counted(&b, x->type);
	put_uv(&b, x->npairs);
	for (size_t i = 0; i < x->npairs; i++) {
		put_u32(&b, x->pairs[i].g);
		put_id(&b, &x->pairs[i].index.creator);
		put_u32(&b, x->pairs[i].index.n);
	}
	add_sealed(e, ITEM_ERASE, buf_view(&b));
	buf_free(&b);
}

fault
entry_finish(struct buf *blob, struct entry *en, uint32_t e,
    const struct keys *keys, struct squeeze *z)
{
	struct entry_text t = { .items = buf_view(&en->clear),
	    .nitems = en->nclear, .sealed_epoch = e };

	return item_seal(blob, &t, buf_view(&en->sealed), keys, z);
}

void
entry_free(struct entry *e)
{
	buf_free(&e->clear);
	buf_wipe(&e->sealed);
	*e = (struct entry)ENTRY_EMPTY;
}
