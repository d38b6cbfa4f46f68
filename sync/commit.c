#include "sync/commit.h"

#include <inttypes.h>
#include <string.h>

#include "sync/base/codec.h"

#define IDENT "fieldkit <kit@kit.invalid> "
#define ARMOR_END " -----END SSH SIGNATURE-----\n"
#define GENERATION_MAX 0xffffffffu

/*
 * A reader over text that knows which clause it was in when it was spoilt.
 * Every clause is one shape: no white space, sign or case is forgiven.
 */
struct text {
	struct reader	r;
	const char	*clause;
};

static void
clause(struct text *t, const char *name)
{
	if (reader_ok(&t->r))
		t->clause = name;
}

static void
need(struct text *t, bool holds)
{
	if (!holds)
		reader_spoil(&t->r);
}

static bool
ahead(const struct text *t, const char *word)
{
	size_t n = strlen(word);

	return reader_left(&t->r) >= n &&
	    memcmp(t->r.in.at + t->r.pos, word, n) == 0;
}

static void
get_word(struct text *t, const char *word)
{
	need(t, ahead(t, word));
	get_bytes(&t->r, strlen(word));
}

static void
get_hex(struct text *t, void *to, size_t n)
{
	need(t, hex_parse(to, n, get_bytes(&t->r, 2 * n)));
}

/* The bytes up to and without the next c, which stays unread. */
static struct bytes
get_until(struct text *t, uint8_t c)
{
	size_t n = 0, left = reader_left(&t->r);

	while (n < left && t->r.in.at[t->r.pos + n] != c)
		n++;
	need(t, n < left);
	return get_bytes(&t->r, n);
}

static uint64_t
get_decimal(struct text *t, uint64_t max)
{
	size_t n = 0;
	uint64_t v = 0;

	while (n < reader_left(&t->r) && t->r.in.at[t->r.pos + n] >= '0' &&
	    t->r.in.at[t->r.pos + n] <= '9')
		n++;
	need(t, decimal_parse(&v, get_bytes(&t->r, n), max));
	return v;
}

static uint64_t
get_date(struct text *t)
{
	uint64_t at;

	get_word(t, IDENT);
	at = get_decimal(t, (uint64_t)WIRE_TIME_BASE + GENERATION_MAX);
	get_word(t, " +0000\n");
	need(t, at > WIRE_TIME_BASE);
	return at;
}

/*
 * git writes the armour's line breaks as "\n " and ends the header with a
 * newline; without these spaces it is what sign_armor made.
 */
static void
get_signature(struct text *t, struct commit *c)
{
	struct buf armor = BUF_EMPTY;

	get_word(t, "gpgsig ");
	while (reader_ok(&t->r)) {
		bool last = ahead(t, &ARMOR_END[1]);

		buf_add_bytes(&armor, get_until(t, '\n'));
		get_word(t, "\n");
		if (last)
			break;
		buf_add(&armor, "\n", 1);
		get_word(t, " ");
	}
	need(t, reader_ok(&t->r) && sign_unarmor(c->pk, c->sig, SIGN_GIT,
	    buf_view(&armor)) == NULL);
	buf_free(&armor);
}

static void
get_headers(struct text *t, struct commit *c)
{
	uint64_t at;

	clause(t, "tree");
	get_word(t, "tree ");
	get_hex(t, c->tree.b, OID_LEN);
	get_word(t, "\n");
	clause(t, "parent");
	while (ahead(t, "parent ") && c->nparents < WIRE_PARENTS_MAX) {
		get_word(t, "parent ");
		get_hex(t, c->parents[c->nparents++].b, OID_LEN);
		get_word(t, "\n");
	}
	clause(t, "author");
	get_word(t, "author ");
	at = get_date(t);
	clause(t, "committer");
	get_word(t, "committer ");
	need(t, get_date(t) == at);
	c->generation = at - WIRE_TIME_BASE;
	clause(t, "gpgsig");
	get_signature(t, c);
	clause(t, "end of the headers");
	get_word(t, "\n");
}

static void
get_hash_line(struct text *t, const char *word, struct hash *h)
{
	clause(t, word);
	get_word(t, word);
	get_word(t, " ");
	get_hex(t, h->b, WIRE_HASH_LEN);
	get_word(t, "\n");
}

static void
get_ref(struct text *t, struct commit *c)
{
	struct bytes s;

	clause(t, "ref");
	get_word(t, "ref ");
	s = get_until(t, '\n');
	get_word(t, "\n");
	need(t, s.len > 0 && s.len < REF_MAX && bytes_utf8(s));
	if (reader_ok(&t->r))
		memcpy(c->ref, s.at, s.len);
}

static void
get_position(struct text *t, uint64_t *seq, struct hash *h)
{
	*seq = get_decimal(t, WIRE_SEQ_MAX);
	get_word(t, " ");
	get_hex(t, h->b, WIRE_HASH_LEN);
	get_word(t, "\n");
}

static void
get_accepts(struct text *t, struct commit *c)
{
	clause(t, "accept");
	while (ahead(t, "accept ")) {
		struct accept *a = &c->accepts[c->naccepts];

		need(t, c->naccepts < WIRE_PARENTS_MAX - 1);
		if (!reader_ok(&t->r))
			return;
		get_word(t, "accept ");
		get_hex(t, a->device.b, WIRE_ID_LEN);
		get_word(t, " ");
		get_position(t, &a->seq, &a->hash);
		need(t, a->seq > 0 && (c->naccepts == 0 ||
		    id_cmp(&a[-1].device, &a->device) < 0));
		c->naccepts++;
	}
}

static void
get_join(struct text *t, struct join *j)
{
	struct buf b = BUF_EMPTY;

	get_word(t, "join ");
	need(t, base64_get(&b, get_until(t, '\n')) &&
	    join_decode(j, buf_view(&b)));
	get_word(t, "\n");
	buf_free(&b);
}

static void
get_device_lines(struct text *t, struct commit *c)
{
	clause(t, "box");
	if ((c->has_box = ahead(t, "box "))) {
		get_word(t, "box ");
		get_hex(t, c->box, sizeof c->box);
		get_word(t, "\n");
	}
	clause(t, "epoch");
	if ((c->has_epoch = ahead(t, "epoch "))) {
		get_word(t, "epoch ");
		c->epoch = (uint32_t)get_decimal(t, UINT32_MAX);
		get_word(t, "\n");
	}
	clause(t, "join");
	if ((c->has_join = ahead(t, "join ")))
		get_join(t, &c->join);
}

static void
get_message(struct text *t, struct commit *c)
{
	clause(t, "kit");
	get_word(t, "kit 1\n");
	get_hash_line(t, "genesis", &c->genesis);
	get_ref(t, c);
	clause(t, "seq");
	get_word(t, "seq ");
	c->seq = get_decimal(t, WIRE_SEQ_MAX);
	get_word(t, "\n");
	get_hash_line(t, "prev", &c->prev);
	get_hash_line(t, "seg", &c->seg);
	clause(t, "roster");
	get_word(t, "roster ");
	get_position(t, &c->roster_seq, &c->roster_hash);
	get_accepts(t, c);
	get_device_lines(t, c);
	clause(t, "end of the message");
	need(t, reader_whole(&t->r));
}

/* Which zeros and which optional lines the kind of ref allows. */
static void
check_kind(struct text *t, const struct commit *c, enum ref_kind kind,
    uint64_t n)
{
	bool genesis = kind == REF_ROSTER && c->seq == 1;
	bool orphan = kind == REF_HUB || kind == REF_KEYRING;

	clause(t, "ref");
	need(t, kind != REF_OTHER);
	clause(t, "genesis");
	need(t, hash_zero(&c->genesis) == genesis);
	clause(t, "seq");
	need(t, c->seq > 0 && (kind != REF_HUB || c->seq == 1) &&
	    (kind != REF_KEYRING || c->seq == n));
	clause(t, "prev");
	need(t, hash_zero(&c->prev) == (orphan || c->seq == 1));
	clause(t, "seg");
	need(t, hash_zero(&c->seg) == (kind == REF_MAIN));
	clause(t, "roster");
	need(t, (c->roster_seq == 0) == genesis &&
	    hash_zero(&c->roster_hash) == genesis);
	need(t, kind != REF_ROSTER || c->roster_seq == c->seq - 1);
	clause(t, "accept");
	need(t, (c->naccepts > 0) == (kind == REF_MAIN));
	clause(t, "box");
	need(t, !c->has_box || kind == REF_DEVICE);
	clause(t, "epoch");
	need(t, !c->has_epoch || (kind == REF_DEVICE && c->epoch > 0));
	clause(t, "join");
	need(t, !c->has_join || (kind == REF_DEVICE && c->seq == 1));
	clause(t, "parent");
	need(t, c->nparents == (orphan ? 0 : c->seq > 1) + c->naccepts);
}

fault
commit_parse(struct commit *out, struct bytes raw)
{
	struct commit c = { .nparents = 0 };
	struct text t = { reader_of(raw), "length" };
	enum ref_kind kind;
	struct id device;
	uint64_t n = 0;

	need(&t, raw.len > 0 && raw.len <= WIRE_COMMIT_MAX);
	get_headers(&t, &c);
	get_message(&t, &c);
	kind = ref_kind(c.ref, &device, &n);
	check_kind(&t, &c, kind, n);
	if (!reader_ok(&t.r))
		return fault_new(FAULT_FORMAT, "a commit is not of our form: "
		    "its clause '%s' is wrong", t.clause);
	c.hash = hash_of(raw);
	*out = c;
	return NULL;
}

/* Where the gpgsig header begins and ends in a parsed object. */
static struct bytes
signature_span(struct bytes raw)
{
	const uint8_t *at = memmem(raw.at, raw.len, "\ngpgsig ", 8);
	const uint8_t *end;

	if (at == NULL)
		return BYTES_EMPTY;
	at++;
	end = memmem(at, raw.len - (size_t)(at - raw.at), ARMOR_END,
	    strlen(ARMOR_END));
	if (end == NULL)
		return BYTES_EMPTY;
	end += strlen(ARMOR_END);
	return (struct bytes){ at, (size_t)(end - at) };
}

bool
commit_signed(const struct commit *c, struct bytes raw)
{
	struct bytes span = signature_span(raw);
	struct buf b = BUF_EMPTY;
	size_t head, tail;
	bool ok;

	if (span.at == NULL)
		return false;
	head = (size_t)(span.at - raw.at);
	tail = head + span.len;
	buf_add(&b, raw.at, head);
	buf_add(&b, raw.at + tail, raw.len - tail);
	ok = sign_ok(c->sig, c->pk, SIGN_GIT, buf_view(&b));
	buf_free(&b);
	return ok;
}

static void
put_hex_line(struct buf *b, const char *word, const void *at, size_t n)
{
	buf_text(b, "%s ", word);
	hex_put(b, (struct bytes){ at, n });
	buf_add(b, "\n", 1);
}

static void
put_headers(struct buf *b, const struct commit *c)
{
	uint64_t at = WIRE_TIME_BASE + c->generation;

	put_hex_line(b, "tree", c->tree.b, OID_LEN);
	for (size_t i = 0; i < c->nparents; i++)
		put_hex_line(b, "parent", c->parents[i].b, OID_LEN);
	buf_text(b, "author " IDENT "%" PRIu64 " +0000\n", at);
	buf_text(b, "committer " IDENT "%" PRIu64 " +0000\n", at);
}

static void
put_position(struct buf *b, uint64_t seq, const struct hash *h)
{
	buf_text(b, "%" PRIu64 " ", seq);
	hex_put(b, (struct bytes){ h->b, sizeof h->b });
	buf_add(b, "\n", 1);
}

static void
put_join(struct buf *b, const struct join *j)
{
	struct buf raw = BUF_EMPTY;

	join_encode(&raw, j);
	buf_text(b, "join ");
	base64_put(b, buf_view(&raw));
	buf_add(b, "\n", 1);
	buf_free(&raw);
}

static void
put_message(struct buf *b, const struct commit *c)
{
	buf_text(b, "kit 1\n");
	put_hex_line(b, "genesis", c->genesis.b, WIRE_HASH_LEN);
	buf_text(b, "ref %s\nseq %" PRIu64 "\n", c->ref, c->seq);
	put_hex_line(b, "prev", c->prev.b, WIRE_HASH_LEN);
	put_hex_line(b, "seg", c->seg.b, WIRE_HASH_LEN);
	buf_text(b, "roster ");
	put_position(b, c->roster_seq, &c->roster_hash);
	for (size_t i = 0; i < c->naccepts; i++) {
		char hex[ID_HEX];

		buf_text(b, "accept %s ", id_hex(hex, &c->accepts[i].device));
		put_position(b, c->accepts[i].seq, &c->accepts[i].hash);
	}
	if (c->has_box)
		put_hex_line(b, "box", c->box, sizeof c->box);
	if (c->has_epoch)
		buf_text(b, "epoch %" PRIu32 "\n", c->epoch);
	if (c->has_join)
		put_join(b, &c->join);
}

void
commit_unsigned(struct buf *out, const struct commit *c)
{
	put_headers(out, c);
	buf_add(out, "\n", 1);
	put_message(out, c);
}

static void
put_signature(struct buf *b, struct bytes armor)
{
	buf_text(b, "gpgsig ");
	for (size_t i = 0; i < armor.len; i++) {
		buf_add(b, &armor.at[i], 1);
		if (armor.at[i] == '\n')
			buf_add(b, " ", 1);
	}
	buf_add(b, "\n", 1);
}

void
commit_sign(struct buf *object, struct buf *armor, struct commit *c,
    const uint8_t pk[SIGN_PK], const uint8_t sk[SIGN_SK])
{
	size_t from = object->len, armor_from = armor->len;
	struct buf bare = BUF_EMPTY;

	commit_unsigned(&bare, c);
	memcpy(c->pk, pk, SIGN_PK);
	sign(c->sig, sk, SIGN_GIT, buf_view(&bare));
	sign_armor(armor, c->pk, SIGN_GIT, c->sig);
	put_headers(object, c);
	put_signature(object, (struct bytes){ armor->at + armor_from,
	    armor->len - armor_from });
	buf_add(object, "\n", 1);
	put_message(object, c);
	c->hash = hash_of((struct bytes){ object->at + from,
	    object->len - from });
	buf_free(&bare);
}
