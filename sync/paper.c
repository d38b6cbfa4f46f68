#include "sync/paper.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "sync/base/id.h"

#define SUM 3
#define CHARS 56
#define GROUP 7

static void
derive(uint8_t out[32], const uint8_t seed[32], const char *label)
{
	crypto_generichash(out, 32, (const uint8_t *)label, strlen(label),
	    seed, 32);
}

static void
checksum(uint8_t sum[SUM], const uint8_t seed[32])
{
	uint8_t h[32];

	derive(h, seed, "kit1.sum");
	memcpy(sum, h, SUM);
	sodium_memzero(h, sizeof h);
}

static void
from_seed(struct paper *p)
{
	uint8_t sub[32];

	derive(sub, p->seed, "kit1.psg");
	sign_from_seed(p->sign_pk, p->sign_sk, sub);
	sodium_memzero(sub, sizeof sub);
	derive(p->box_sk, p->seed, "kit1.pbx");
	crypto_scalarmult_base(p->box_pk, p->box_sk);
}

void
paper_draw(struct paper *p)
{
	random_fill(p->seed, sizeof p->seed);
	from_seed(p);
}

void
paper_text(char to[PAPER_TEXT], const struct paper *p)
{
	struct buf b = BUF_EMPTY;
	uint8_t all[32 + SUM];
	size_t n = 0;

	memcpy(all, p->seed, 32);
	checksum(all + 32, p->seed);
	buf_room(&b, CHARS + 1);	/* at once: a grown buffer leaves copies */
	base32_put(&b, (struct bytes){ all, sizeof all });
	for (size_t i = 0; i < b.len; i++) {
		if (i > 0 && i % GROUP == 0)
			to[n++] = '-';
		to[n++] = (char)b.at[i];
	}
	to[n] = '\0';
	sodium_memzero(all, sizeof all);
	buf_wipe(&b);
}

/*
 * 57 characters would leave spare bits: one key has one spelling.  *chars
 * counts them; *odd is the first that no key has (counted from 0).
 */
static bool
decode(struct buf *b, const char *text, size_t *chars, size_t *odd)
{
	struct buf one = BUF_EMPTY;
	size_t n = strlen(text);

	while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL)
		n--;
	*chars = 0;
	*odd = CHARS;
	for (size_t i = 0; i < n; i++) {
		if (text[i] == ' ' || text[i] == '-')
			continue;
		if (*odd == CHARS && !base32_get(&one, (struct bytes){
		    (const uint8_t *)text + i, 1 }))
			*odd = *chars;
		++*chars;
	}
	buf_wipe(&one);
	buf_room(b, CHARS);
	return *chars == CHARS &&
	    base32_get(b, (struct bytes){ (const uint8_t *)text, n });
}

static bool
sum_fits(const uint8_t all[32 + SUM])
{
	uint8_t sum[SUM];

	checksum(sum, all);
	return memcmp(sum, all + 32, SUM) == 0;
}

/* Change character i (5 bits, most significant first) by XOR. */
static void
turn(uint8_t all[32 + SUM], size_t i, unsigned by)
{
	for (size_t k = 0; k < 5; k++)
		if (by & 1u << (4 - k))
			all[(5 * i + k) / 8] ^= (uint8_t)(0x80u >>
			    (5 * i + k) % 8);
}

/*
 * In which group one other character would make the sum right: there the
 * mistake is.  0: in none, or in more than one.  By chance a sum of 24 bits
 * fits one key in 9,600.
 */
static int
wrong_group(uint8_t all[32 + SUM])
{
	int group = 0;

	for (size_t i = 0; i < CHARS; i++)
		for (unsigned by = 1; by < 32; by++) {
			bool fits;

			turn(all, i, by);
			fits = sum_fits(all);
			turn(all, i, by);
			if (!fits)
				continue;
			if (group != 0)
				return 0;
			group = (int)(i / GROUP) + 1;
		}
	return group;
}

static fault
mistyped(int group)
{
	if (group == 0)
		return fault_new(FAULT_INVALID, "the recovery key has a typing "
		    "mistake; nothing was changed; compare it with the paper");
	return fault_new(FAULT_INVALID, "the recovery key has a wrong letter "
	    "in its group %d of %d; nothing was changed; compare that group "
	    "with the paper", group, CHARS / GROUP);
}

fault
paper_read(struct paper *p, const char *text)
{
	struct buf b = BUF_EMPTY;
	size_t chars, odd;
	fault f = NULL;

	if (!decode(&b, text, &chars, &odd)) {
		f = chars == CHARS && odd < CHARS ?
		    mistyped((int)(odd / GROUP) + 1) :
		    fault_new(FAULT_INVALID, "that is not a recovery key: "
		    "it has %d letters and digits; nothing was changed; "
		    "type it again from the paper", CHARS);
		goto done;
	}
	if (!sum_fits(b.at)) {
		f = mistyped(wrong_group(b.at));
		goto done;
	}
	memcpy(p->seed, b.at, 32);
	from_seed(p);
done:
	buf_wipe(&b);
	return f;
}
