/*
 * invite_file -- the file: head in clear, box under the code, signature over
 * both.
 */
#include "sync/invite_text.h"

#include <string.h>

#include <sodium.h>

#include "sync/base/codec.h"
#include "sync/base/secret.h"

#define MAGIC	"KITINV"
#define HEAD	168		/* all before the box */
#define SALT	16
#define NONCE	24

/*
 * Argon2id.  A real project: 256 MiB, three passes, 0.7 s on a laptop.  A
 * practice project has nothing to protect and asks for about a millisecond.
 * A file may ask for more, up to the caps, and never for less.
 */
#define REAL_OPS	3u
#define REAL_KIB	(256u << 10)
#define PRACTICE_OPS	1u
#define PRACTICE_KIB	1024u
#define MAX_OPS		10u
#define MAX_KIB		(1u << 20)

struct head {
	uint32_t	ops, kib;
	uint8_t		salt[SALT], nonce[NONCE];
	uint32_t	box_len;
};

static fault
derive(uint8_t key[WIRE_KEY_LEN], const struct head *h, const char *code)
{
	if (crypto_pwhash(key, WIRE_KEY_LEN, code, strlen(code), h->salt,
	    h->ops, (size_t)h->kib << 10, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return fault_new(FAULT_FAIL, "the code's key needs %u MiB of "
		    "memory that is not there; nothing was changed; close "
		    "other programs and try again", h->kib >> 10);
	return NULL;
}

/*
 * offset
 *   0  KITINV, version u16       84  opslimit u32, memlimit KiB u32, salt 16
 *   8  project id               108  coordinator's signing key
 *  24  genesis hash             140  nonce
 *  56  device id                164  box length u32
 *  72  caps, role, flags, 0     168  box
 *  76  expires u64                .  signature 64
 */
static void
put_head(struct buf *b, const struct invite *in, const struct head *h)
{
	buf_text(b, MAGIC);
	put_u16(b, WIRE_FORMAT);
	buf_add(b, in->project.b, WIRE_ID_LEN);
	buf_add(b, in->genesis.b, WIRE_HASH_LEN);
	buf_add(b, in->device.b, WIRE_ID_LEN);
	put_u8(b, in->caps);
	put_u8(b, (uint8_t)in->role);
	put_u8(b, in->practice);
	put_u8(b, 0);
	put_u64(b, in->expires);
	put_u32(b, h->ops);
	put_u32(b, h->kib);
	buf_add(b, h->salt, SALT);
	buf_add(b, in->coordinator_pk, 32);
	buf_add(b, h->nonce, NONCE);
	put_u32(b, h->box_len);
}

static fault
put_box(struct buf *b, struct invite *in, struct bytes text, const char *code)
{
	struct head h = { .ops = in->practice ? PRACTICE_OPS : REAL_OPS,
	    .kib = in->practice ? PRACTICE_KIB : REAL_KIB,
	    .box_len = (uint32_t)text.len + WIRE_TAG_LEN };
	uint8_t *key = secret_new(WIRE_KEY_LEN), *to;
	fault f;

	random_fill(h.salt, sizeof h.salt);
	random_fill(h.nonce, sizeof h.nonce);
	if ((f = derive(key, &h, code)) != NULL)
		goto done;
	put_head(b, in, &h);
	to = buf_room(b, h.box_len);
	crypto_aead_xchacha20poly1305_ietf_encrypt(to, NULL, text.at, text.len,
	    b->at, b->len, NULL, h.nonce, key);
	b->len += h.box_len;
done:
	secret_free(key, WIRE_KEY_LEN);
	return f;
}

/* Read back before it is sealed: what we cannot read, nobody can. */
static fault
check_text(struct bytes text, size_t nroster)
{
	struct invite in = { .nhubs = 0 };
	fault f = NULL;

	if (text.len > WIRE_INVITE_MAX - HEAD - WIRE_TAG_LEN - WIRE_SIG_LEN)
		return fault_new(FAULT_INVALID, "an invitation of %zu bytes, "
		    "with a roster of %zu entries, is longer than the %u bytes "
		    "allowed; nothing was written; this version can invite "
		    "nobody more to this project", text.len, nroster,
		    WIRE_INVITE_MAX);
	if (invite_get_text(&in, text) != NULL)
		f = fault_new(FAULT_INVALID, "a name, title or hub address is "
		    "empty, too long or not one line; no invitation was "
		    "written");
	invite_free(&in);
	return f;
}

fault
invite_make(struct buf *out, struct invite *in, const char *code,
    const uint8_t sk[SIGN_SK])
{
	struct buf text = BUF_EMPTY, file = BUF_EMPTY;
	uint8_t sig[WIRE_SIG_LEN];
	char tidy[INVITE_CODE];
	fault f;

	if (!invite_code_tidy(tidy, code))
		return fault_new(FAULT_INVALID, "a code has six words");
	memcpy(in->coordinator_pk, sk + 32, 32);	/* libsodium's form */
	invite_put_text(&text, in);
	if ((f = check_text(buf_view(&text), in->nroster)) != NULL ||
	    (f = put_box(&file, in, buf_view(&text), tidy)) != NULL)
		goto done;
	sign(sig, sk, SIGN_INVITE, buf_view(&file));
	buf_add(&file, sig, sizeof sig);
	in->file = hash_of(buf_view(&file));
	buf_add_bytes(out, buf_view(&file));
done:
	sodium_memzero(tidy, sizeof tidy);
	buf_wipe(&text);
	buf_free(&file);
	return f;
}

static void
get_head(struct reader *r, struct invite *in, struct head *h)
{
	uint8_t flags, zero;

	get_copy(r, in->project.b, WIRE_ID_LEN);
	get_copy(r, in->genesis.b, WIRE_HASH_LEN);
	get_copy(r, in->device.b, WIRE_ID_LEN);
	in->caps = get_u8(r);
	in->role = (enum role)get_u8(r);
	flags = get_u8(r);
	zero = get_u8(r);
	in->practice = flags & 1;
	in->expires = get_u64(r);
	h->ops = get_u32(r);
	h->kib = get_u32(r);
	get_copy(r, h->salt, SALT);
	get_copy(r, in->coordinator_pk, 32);
	get_copy(r, h->nonce, NONCE);
	h->box_len = get_u32(r);
	if (flags > 1 || zero != 0 || in->role < ROLE_COORDINATOR ||
	    in->role > ROLE_AUDITOR || in->caps != role_caps(in->role))
		reader_spoil(r);
}

static fault
check_cost(const struct invite *in, const struct head *h)
{
	uint32_t ops = in->practice ? PRACTICE_OPS : REAL_OPS;
	uint32_t kib = in->practice ? PRACTICE_KIB : REAL_KIB;

	if (h->ops >= ops && h->ops <= MAX_OPS && h->kib >= kib &&
	    h->kib <= MAX_KIB)
		return NULL;
	return fault_new(FAULT_FORMAT, "the invitation asks for a key "
	    "derivation of %u passes and %u KiB, which is too weak or too "
	    "dear; nothing was made; ask for a new one", h->ops, h->kib);
}

static fault
check_magic(struct bytes file)
{
	struct reader r = reader_of(file);
	struct bytes magic = get_bytes(&r, 6);
	uint16_t version = get_u16(&r);

	if (!reader_ok(&r) || !bytes_is(magic, MAGIC))
		return fault_new(FAULT_FORMAT, "that is not an invitation; "
		    "nothing was made");
	if (version != WIRE_FORMAT)
		return fault_new(FAULT_FORMAT, "the invitation is of format "
		    "%u, this program knows %u; nothing was made; install "
		    "the version that made it", version, WIRE_FORMAT);
	return NULL;
}

/* Everything that can be said without the code. */
static fault
read_outside(struct invite *in, struct head *h, struct bytes *box,
    struct bytes file)
{
	struct reader r = reader_of(file);
	struct bytes sig;
	fault f;

	if ((f = check_magic(file)) != NULL)
		return f;
	get_bytes(&r, WIRE_MAGIC_LEN);
	get_head(&r, in, h);
	*box = get_bytes(&r, h->box_len);
	sig = get_bytes(&r, WIRE_SIG_LEN);
	if (!reader_whole(&r) || file.len > WIRE_INVITE_MAX ||
	    h->box_len < WIRE_TAG_LEN || !sign_ok(sig.at, in->coordinator_pk,
	    SIGN_INVITE, (struct bytes){ file.at, file.len - WIRE_SIG_LEN }))
		return fault_new(FAULT_FORMAT, "the invitation is damaged or "
		    "cut short; nothing was made; have it sent again");
	in->file = hash_of(file);
	return check_cost(in, h);
}

static fault
wrong_code(void)
{
	return fault_new(FAULT_LOCKED, "the code does not open this "
	    "invitation; nothing was made; ask to hear its six words again");
}

/* The text is mostly the roster, too long to lock; it is wiped at once. */
static fault
open_box(struct invite *in, const struct head *h, struct bytes box,
    struct bytes ad, const char *code)
{
	uint8_t *key = secret_new(WIRE_KEY_LEN);
	struct buf text = BUF_EMPTY;
	fault f;

	if ((f = derive(key, h, code)) != NULL)
		goto done;
	buf_room(&text, box.len);
	text.len = box.len - WIRE_TAG_LEN;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(text.at, NULL, NULL,
	    box.at, box.len, ad.at, ad.len, h->nonce, key) != 0)
		f = wrong_code();
	else
		f = invite_get_text(in, buf_view(&text));
done:
	secret_free(key, WIRE_KEY_LEN);
	buf_wipe(&text);
	return f;
}

static fault
apply_entry(struct roster *r, const struct invite_entry *e,
    struct keys *keys, struct squeeze *z)
{
	struct bytes raw = buf_view(&e->commit);
	struct hash seg = hash_of(buf_view(&e->blob));
	struct commit c;
	fault f;

	if ((f = commit_parse(&c, raw)) != NULL)
		return f;
	if (!commit_signed(&c, raw) || !hash_eq(&c.seg, &seg))
		return fault_new(FAULT_TRUST, "a roster entry of the "
		    "invitation is not as it was signed; nothing was made");
	return roster_apply(r, &c, buf_view(&e->blob), keys, z);
}

/* Are the secrets handed over those that the roster's epochs commit to? */
static bool
keys_fit(const struct invite *in, const struct roster *r)
{
	uint8_t *s = secret_new(WIRE_KEY_LEN);
	bool fit = true;

	for (size_t i = 0; i < r->nepochs && in->keys != NULL; i++)
		for (int c = 0; c < COMP_COUNT; c++) {
			struct hash h;

			if (!keys_get_secret(s, in->keys, (enum compartment)c,
			    r->epochs[i].e))
				continue;
			h = keys_commitment(s, (enum compartment)c,
			    r->epochs[i].e);
			fit = fit && hash_eq(&h, &r->epochs[i].secret[c]);
		}
	secret_free(s, WIRE_KEY_LEN);
	return fit;
}

static fault
check_inviter(const struct invite *in, const struct roster *r)
{
	const struct member *m = roster_signer(r, in->coordinator_pk);

	if (r->seq == 0 || !hash_eq(&r->genesis, &in->genesis) ||
	    !id_eq(&r->project, &in->project) || r->practice != in->practice)
		return fault_new(FAULT_TRUST, "the invitation and the roster "
		    "in it are of different projects; nothing was made");
	if (!keys_fit(in, r))
		return fault_new(FAULT_TRUST, "the keys in the invitation are "
		    "not those of its roster; nothing was made");
	if (m == NULL || !(m->caps & CAP_COORDINATE))
		return fault_new(FAULT_TRUST, "the invitation was not signed "
		    "by a coordinator of its project; nothing was made");
	return NULL;
}

static fault
check_roster(const struct invite *in)
{
	struct roster *r = roster_new();
	struct squeeze *z = NULL;
	fault f = squeeze_new(&z, 0);

	for (size_t i = 0; i < in->nroster && f == NULL; i++)
		f = apply_entry(r, &in->roster[i], in->keys, z);
	if (f == NULL)
		f = check_inviter(in, r);
	squeeze_free(z);
	roster_free(r);
	return f;
}

fault
invite_open(struct invite *out, struct bytes file, const char *code)
{
	struct invite in = { .nhubs = 0 };
	char tidy[INVITE_CODE];
	struct bytes box;
	struct head h;
	fault f;

	if ((f = read_outside(&in, &h, &box, file)) != NULL)
		return f;
	if (!invite_code_tidy(tidy, code))
		return wrong_code();
	if ((f = open_box(&in, &h, box, (struct bytes){ file.at, HEAD },
	    tidy)) != NULL || (f = check_roster(&in)) != NULL)
		goto done;
	*out = in;
	in = (struct invite){ .nhubs = 0 };
done:
	sodium_memzero(tidy, sizeof tidy);
	invite_free(&in);
	return f;
}
