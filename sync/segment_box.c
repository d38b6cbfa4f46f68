#include "sync/segment_box.h"

#include <string.h>

#include <sodium.h>

#define AD_LEN (WIRE_HASH_LEN + 4 + 4 + WIRE_ID_LEN)

static void
le32(uint8_t to[4], uint32_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (8 * i));
}

void
box_nonce(uint8_t out[24], const uint8_t seed[WIRE_SEED_LEN], uint32_t i)
{
	uint8_t in[12] = "kit1.non";

	le32(in + 8, i);
	crypto_generichash(out, 24, in, sizeof in, seed, WIRE_SEED_LEN);
}

/*
 *	0	H(header)
 *	32	i u32
 *	36	compartment u8, three zeros
 *	40	record id
 */
static void
associate(uint8_t ad[AD_LEN], const struct box *b)
{
	memset(ad, 0, AD_LEN);
	memcpy(ad, b->header.b, WIRE_HASH_LEN);
	le32(ad + 32, b->i);
	ad[36] = (uint8_t)b->comp;
	memcpy(ad + 40, b->record.b, WIRE_ID_LEN);
}

void
box_seal(struct buf *out, const struct box *b,
    const uint8_t key[WIRE_KEY_LEN], struct bytes text)
{
	uint8_t ad[AD_LEN], nonce[24];
	uint8_t *to = buf_room(out, text.len + WIRE_TAG_LEN);

	associate(ad, b);
	box_nonce(nonce, b->seed, b->i);
	crypto_aead_xchacha20poly1305_ietf_encrypt(to, NULL, text.at,
	    text.len, ad, sizeof ad, NULL, nonce, key);
	out->len += text.len + WIRE_TAG_LEN;
}

bool
box_open(struct buf *out, const struct box *b,
    const uint8_t key[WIRE_KEY_LEN], struct bytes sealed)
{
	uint8_t ad[AD_LEN], nonce[24], *to;

	if (sealed.len < WIRE_TAG_LEN)
		return false;
	to = buf_room(out, sealed.len - WIRE_TAG_LEN);
	associate(ad, b);
	box_nonce(nonce, b->seed, b->i);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(to, NULL, NULL,
	    sealed.at, sealed.len, ad, sizeof ad, nonce, key) != 0)
		return false;
	out->len += sealed.len - WIRE_TAG_LEN;
	return true;
}
