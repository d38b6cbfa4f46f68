#include "sync/item.h"

#include <string.h>

#include <sodium.h>

#include "sync/base/secret.h"

#define MAGIC "KITROS"

/*
 * offset
 *  0  KITROS, version u16
 *  8  number of items u16, then each: kind u8, length u32, body
 *  .  sealed epoch u32, seed 24, sealed length u32, box
 */
fault
item_split(struct entry_text *out, struct bytes blob)
{
	struct reader r = reader_of(blob);
	struct entry_text t = { .nitems = 0 };
	struct bytes magic = get_bytes(&r, 6);
	uint16_t version = get_u16(&r);
	size_t from, len;

	if (blob.len > WIRE_ROSTER_MAX || !bytes_is(magic, MAGIC))
		return fault_new(FAULT_FORMAT, "not a roster entry");
	if (version != WIRE_FORMAT)
		return fault_new(FAULT_FORMAT, "a roster entry of format %u: "
		    "this program knows %u; nothing was changed; install a "
		    "newer version", version, WIRE_FORMAT);
	t.nitems = get_u16(&r);
	from = r.pos;
	for (unsigned i = 0; i < t.nitems && reader_ok(&r); i++) {
		get_u8(&r);
		get_bytes(&r, get_u32(&r));
	}
	t.items = (struct bytes){ blob.at + from, r.pos - from };
	t.sealed_epoch = get_u32(&r);
	get_copy(&r, t.seed, sizeof t.seed);
	len = get_u32(&r);
	t.before = (struct bytes){ blob.at, r.pos };
	t.box = get_bytes(&r, len);
	if (!reader_whole(&r) || (t.sealed_epoch == 0) != (len == 0) ||
	    (len == 0 && !sodium_is_zero(t.seed, sizeof t.seed)) ||
	    (len > 0 && len < WIRE_TAG_LEN))
		return fault_new(FAULT_FORMAT, "not a whole roster entry");
	*out = t;
	return NULL;
}

/* One line of text for a screen: no control character in it. */
static struct bytes
get_line(struct reader *r, size_t max)
{
	struct bytes s = get_bytes(r, reader_left(r));

	if (s.len == 0 || s.len > max || !bytes_utf8(s))
		reader_spoil(r);
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < 0x20 || s.at[i] == 0x7f)
			reader_spoil(r);
	return s;
}

static struct bytes
get_text(struct reader *r, size_t max)
{
	struct bytes s = get_bytes(r, reader_left(r));

	if (s.len == 0 || s.len > max || !bytes_utf8(s))
		reader_spoil(r);
	return s;
}

static uint8_t
get_choice(struct reader *r, uint8_t least, uint8_t most)
{
	uint8_t v = get_u8(r);

	if (v < least || v > most)
		reader_spoil(r);
	return v;
}

static uint64_t
get_seq(struct reader *r)
{
	uint64_t seq = get_u64(r);

	if (seq > WIRE_SEQ_MAX)
		reader_spoil(r);
	return seq;
}

static void
get_id(struct reader *r, struct entry_item *it)
{
	get_copy(r, it->id.b, WIRE_ID_LEN);
	if (id_zero(&it->id))
		reader_spoil(r);
}

static void
get_keys(struct reader *r, struct entry_item *it)
{
	get_copy(r, it->sign_pk, sizeof it->sign_pk);
	get_copy(r, it->box_pk, sizeof it->box_pk);
}

static void
get_epoch(struct reader *r, struct epoch *e)
{
	e->e = get_u32(r);
	e->g = get_u32(r);
	for (int c = 0; c < COMP_COUNT; c++)
		get_copy(r, e->secret[c].b, WIRE_HASH_LEN);
	get_copy(r, e->tree.b, WIRE_HASH_LEN);
	get_copy(r, e->to_paper, sizeof e->to_paper);
	if (e->e == 0 || e->g == 0)
		reader_spoil(r);
}

static void
get_cut(struct reader *r, struct entry_item *it)
{
	get_id(r, it);
	it->seq = get_seq(r);
	get_copy(r, it->hash.b, WIRE_HASH_LEN);
	it->main_seq = get_seq(r);
	get_copy(r, it->main_hash.b, WIRE_HASH_LEN);
	it->reason = get_choice(r, CUT_REVOKED, CUT_FROZEN);
	if ((it->seq == 0) != hash_zero(&it->hash) ||
	    (it->main_seq == 0) != hash_zero(&it->main_hash))
		reader_spoil(r);
}

static void
get_approve(struct reader *r, struct entry_item *it)
{
	it->seq = get_seq(r);
	get_copy(r, it->hash.b, WIRE_HASH_LEN);
	it->how = get_choice(r, APPROVE_COORDINATOR, APPROVE_PAPER);
	if (it->how == APPROVE_PAPER)
		get_copy(r, it->sig, sizeof it->sig);
	if (it->seq == 0)
		reader_spoil(r);
}

static void
get_erase(struct reader *r, struct entry_item *it)
{
	struct reader pairs;
	size_t n;

	get_id(r, it);
	it->time = get_u64(r);
	it->text = get_counted(r, ITEM_REASON_MAX);
	it->basis = get_counted(r, ITEM_REASON_MAX);
	it->type = get_counted(r, WIRE_NAME_MAX);
	if (!bytes_utf8(it->text) || !bytes_utf8(it->basis) ||
	    !bytes_utf8(it->type))
		reader_spoil(r);
	n = get_uv(r, ITEM_PAIRS_MAX);
	pairs = *r;
	for (size_t i = 0; i < n && reader_ok(r); i++) {
		uint32_t g = get_u32(r), index;

		get_bytes(r, WIRE_ID_LEN);
		index = get_u32(r);
		if (g == 0 || index == 0 || index > WIRE_INDEX_MAX)
			reader_spoil(r);
	}
	it->pairs = get_bytes(&pairs, r->pos - pairs.pos);
}

static void
get_project(struct reader *r, struct entry_item *it)
{
	get_id(r, it);
	it->feature = get_u16(r);
	it->flags = get_choice(r, 0, 1);
}

static void
get_invite(struct reader *r, struct entry_item *it)
{
	get_id(r, it);
	get_copy(r, it->sign_pk, sizeof it->sign_pk);
	it->caps = get_choice(r, 0, CAP_WRITE | CAP_COORDINATE);
	it->time = get_u64(r);
	get_copy(r, it->hash.b, WIRE_HASH_LEN);
}

/* An earlier epoch's secrets for a new paper key. */
static void
get_old_epoch(struct reader *r, struct epoch *e)
{
	e->e = get_u32(r);
	get_copy(r, e->to_paper, sizeof e->to_paper);
	if (e->e == 0)
		reader_spoil(r);
}

/* Items about one device: its id, and what its kind adds. */
static void
get_device_item(struct reader *r, struct entry_item *it)
{
	get_id(r, it);
	switch (it->kind) {
	case ITEM_MEMBER:
		get_keys(r, it);
		it->caps = get_choice(r, 0, CAP_WRITE | CAP_COORDINATE);
		break;
	case ITEM_UNINVITE:
		it->flags = get_choice(r, 0, 1);
		break;
	case ITEM_ADMIT:
		get_keys(r, it);
		break;
	case ITEM_CAPS:
		it->caps = get_choice(r, 0, CAP_WRITE | CAP_COORDINATE);
		break;
	case ITEM_RECOVER:
		get_copy(r, it->sig, sizeof it->sig);
		break;
	case ITEM_NAME:
		it->role = get_choice(r, ROLE_COORDINATOR, ROLE_AUDITOR);
		it->text = get_line(r, ITEM_NAME_MAX);
		break;
	}
}

static void
get_body(struct reader *r, struct entry_item *it)
{
	switch (it->kind) {
	case ITEM_PROJECT:	get_project(r, it); break;
	case ITEM_PAPER:	get_keys(r, it); break;
	case ITEM_EPOCH:	get_epoch(r, &it->epoch); break;
	case ITEM_INVITE:	get_invite(r, it); break;
	case ITEM_CUT:		get_cut(r, it); break;
	case ITEM_HOME:		get_id(r, it); break;
	case ITEM_APPROVE:	get_approve(r, it); break;
	case ITEM_FEATURE:	it->feature = get_u16(r); break;
	case ITEM_OLD_EPOCH:	get_old_epoch(r, &it->epoch); break;
	case ITEM_MEMBER: case ITEM_UNINVITE: case ITEM_ADMIT:
	case ITEM_CAPS: case ITEM_RECOVER: case ITEM_NAME:
		get_device_item(r, it);
		break;
	case ITEM_TITLE:	it->text = get_line(r, ITEM_TITLE_MAX); break;
	case ITEM_REASON:	it->text = get_text(r, ITEM_REASON_MAX); break;
	case ITEM_PACK:		it->text = get_text(r, WIRE_ROSTER_MAX); break;
	case ITEM_ERASE:	get_erase(r, it); break;
	default:
		it->known = false;
		get_bytes(r, reader_left(r));
	}
}

struct entry_item
item_next(struct reader *r)
{
	struct entry_item it = { .known = true };
	struct reader body;

	it.kind = get_u8(r);
	it.body = get_bytes(r, get_u32(r));
	body = reader_of(it.body);
	if (reader_ok(r)) {
		get_body(&body, &it);
		if (!reader_whole(&body))
			reader_spoil(r);
	}
	return it;
}

static void
box_nonce(uint8_t nonce[24], const uint8_t seed[WIRE_SEED_LEN])
{
	static const uint8_t in[12] = "kit1.non";	/* part 0 */

	crypto_generichash(nonce, 24, in, sizeof in, seed, WIRE_SEED_LEN);
}

/*
 * Frames of the roster have no dictionary, as no number of one stands there.
 * *own is what to free when z (which may be NULL) has one.
 */
static fault
plain_squeeze(struct squeeze **use, struct squeeze **own, struct squeeze *z)
{
	fault f = NULL;

	if (z == NULL || squeeze_dictionary(z) != 0) {
		f = squeeze_new(own, 0);
		z = *own;
	}
	*use = z;
	return f;
}

static fault
take_frame(struct buf *out, struct bytes frame, struct squeeze *z)
{
	struct squeeze *own = NULL;
	fault f = plain_squeeze(&z, &own, z);

	if (f == NULL)
		f = unsqueeze(out, z, frame, WIRE_ROSTER_MAX);
	squeeze_free(own);
	return f;
}

static fault
make_frame(struct buf *out, struct bytes text, struct squeeze *z)
{
	struct squeeze *own = NULL;
	fault f = plain_squeeze(&z, &own, z);

	if (f == NULL)
		squeeze(out, z, text);
	squeeze_free(own);
	return f;
}

fault
item_unseal(struct buf *out, const struct entry_text *t,
    const struct keys *keys, struct squeeze *z)
{
	uint8_t *key = secret_new(WIRE_KEY_LEN), nonce[24];
	struct hash ad = hash_of(t->before);
	struct buf frame = BUF_EMPTY;
	fault f;

	if ((f = keys_ledger(key, keys, t->sealed_epoch)) != NULL)
		goto done;
	box_nonce(nonce, t->seed);
	buf_room(&frame, t->box.len);
	frame.len = t->box.len - WIRE_TAG_LEN;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(frame.at, NULL, NULL,
	    t->box.at, t->box.len, ad.b, sizeof ad.b, nonce, key) != 0)
		f = fault_new(FAULT_TRUST, "the sealed part of a roster entry "
		    "does not open with the secret of epoch %u",
		    t->sealed_epoch);
	else
		f = take_frame(out, buf_view(&frame), z);
done:
	secret_free(key, WIRE_KEY_LEN);
	buf_free(&frame);
	return f;
}

void
item_put(struct buf *b, enum roster_item kind, struct bytes body)
{
	put_u8(b, (uint8_t)kind);
	put_u32(b, (uint32_t)body.len);
	buf_add_bytes(b, body);
}

/* Header and items; then the seal's head, which the box's AD covers too. */
static void
put_before(struct buf *b, const struct entry_text *t, size_t box_len)
{
	buf_text(b, MAGIC);
	put_u16(b, WIRE_FORMAT);
	put_u16(b, t->nitems);
	buf_add_bytes(b, t->items);
	put_u32(b, t->sealed_epoch);
	buf_add(b, t->seed, sizeof t->seed);
	put_u32(b, (uint32_t)box_len);
}

static fault
put_box(struct buf *b, const struct entry_text *t, struct bytes frame,
    const struct keys *keys)
{
	uint8_t *key = secret_new(WIRE_KEY_LEN), nonce[24], *to;
	struct hash ad = hash_of(buf_view(b));
	fault f;

	if ((f = keys_ledger(key, keys, t->sealed_epoch)) != NULL)
		goto done;
	box_nonce(nonce, t->seed);
	to = buf_room(b, frame.len + WIRE_TAG_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(to, NULL, frame.at,
	    frame.len, ad.b, sizeof ad.b, NULL, nonce, key);
	b->len += frame.len + WIRE_TAG_LEN;
done:
	secret_free(key, WIRE_KEY_LEN);
	return f;
}

static fault
seal_text(struct buf *b, struct entry_text *t, struct bytes sealed,
    const struct keys *keys, struct squeeze *z)
{
	struct buf frame = BUF_EMPTY;
	fault f;

	random_fill(t->seed, sizeof t->seed);
	if ((f = make_frame(&frame, sealed, z)) == NULL) {
		put_before(b, t, frame.len + WIRE_TAG_LEN);
		f = put_box(b, t, buf_view(&frame), keys);
	}
	buf_free(&frame);
	return f;
}

fault
item_seal(struct buf *blob, const struct entry_text *clear,
    struct bytes sealed, const struct keys *keys, struct squeeze *z)
{
	struct entry_text t = *clear;
	struct buf b = BUF_EMPTY;
	fault f = NULL;

	if (sealed.len > 0) {
		f = seal_text(&b, &t, sealed, keys, z);
	} else {
		t.sealed_epoch = 0;
		memset(t.seed, 0, sizeof t.seed);
		put_before(&b, &t, 0);
	}
	if (f == NULL && (b.len > WIRE_ROSTER_MAX ||
	    sealed.len > WIRE_ROSTER_MAX))
		f = fault_new(FAULT_INVALID, "a roster entry of %zu bytes is "
		    "too long; nothing was written; make the pack smaller",
		    b.len);
	if (f == NULL)
		buf_add_bytes(blob, buf_view(&b));
	buf_free(&b);
	return f;
}
