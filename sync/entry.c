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

/* The commitments of e's secrets, and the secrets to the paper key. */
static fault
put_secrets(struct buf *b, uint32_t e, const struct keys *k,
    const struct hash *tree, const uint8_t paper_box[32])
{
	uint8_t *all = secret_new(COMP_COUNT * WIRE_KEY_LEN);
	uint8_t box[EPOCH_TO_PAPER];
	fault f = NULL;

	for (int c = COMP_LEDGER; c < COMP_COUNT; c++) {
		uint8_t *s = all + c * WIRE_KEY_LEN;
		struct hash h;

		if (!keys_get_secret(s, k, (enum compartment)c, e)) {
			f = not_held(e);
			goto done;
		}
		h = keys_commitment(s, (enum compartment)c, e);
		buf_add(b, h.b, sizeof h.b);
	}
	buf_add(b, tree->b, sizeof tree->b);
	if (crypto_box_seal(box, all, COMP_COUNT * WIRE_KEY_LEN,
	    paper_box) != 0)
		f = fault_new(FAULT_INVALID, "the paper key is no key; "
		    "nothing was written");
	buf_add(b, box, sizeof box);
done:
	secret_free(all, COMP_COUNT * WIRE_KEY_LEN);
	return f;
}

fault
entry_epoch(struct entry *en, uint32_t e, uint32_t g, struct keys *k,
    const uint8_t paper_box[32])
{
	const struct tree *t = keys_tree(k, g);
	struct hash h = { { 0 } };
	struct buf b = BUF_EMPTY;
	fault f;

	if (t != NULL)
		h = tree_commitment(t);
	if (hash_zero(&h))
		return not_held(e);
	put_u32(&b, e);
	put_u32(&b, g);
	if ((f = put_secrets(&b, e, k, &h, paper_box)) == NULL)
		add_clear(en, ITEM_EPOCH, &b);
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
entry_home(struct entry *e, const struct id *hub)
{
	struct buf b = BUF_EMPTY;

	put_id(&b, hub);
	add_clear(e, ITEM_HOME, &b);
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
entry_pack(struct entry *e, struct bytes pack)
{
	add_sealed(e, ITEM_PACK, pack);
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
