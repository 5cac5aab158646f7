/* Consumer groups: every value to one member; death, eviction, redelivery; founded, dissolved, evicted, revived.
 *
 * One statement of a step is one access to shared memory, one system call on a futex word, or one on a lease. Between any
 * two of them a party may be scheduled away, killed (DEATHS writers, MDEATHS members) or stopped for good (STOPS, MSTOPS).
 * consumers.pml has the gate with its h0, joining, and the waiting; ring.pml the slots and the settlement: here one step.
 * Memory is sequentially consistent: words change by locked instructions, the sleeper's membarrier is in consumers.pml.
 *
 * A member's line has WORDS words: its claim, and with WORDS 2 one for a value that is pending for long: that stays in its
 * word, gates, and is delivered from there, while the member goes on with the other.
 *   word:       idle | holding(n, c): n to n + c | evicted(n).  Only the owner makes it holding, by compare-and-swap.
 *               Others change it by compare-and-swap from holding: to idle of a dead owner, to evicted(n) of a living one.
 *               A range is done with as a whole; its word stays until the next T3, or until T6.
 *   membership: the epoch of the group that the member is of, or was of. Its words are that group's, and of no other.
 *   group:      state (epoch, count of joins, standing), next, moves. Another epoch begins only where no member lives.
 *
 * The labels:  T1 n := next; T2 look at n, n + 1; T3 word := holding(n, c), by compare-and-swap from idle, or from what
 *              it has done with; T4 compare-and-swap next (lost: from T1; the
 *              word stays until the next T3, or T6); T5 deliver (R2 copy, R4 stamp verified);
 *              T6 before it waits: word := idle, by compare-and-swap; T7 ring `room`
 *              H1 hole, or overwritten: compare-and-swap next
 *              K1 bar the dead one's line: nobody comes in, but others may bar it, too, and do all this at once;
 *              K2 its word again; K3 next: the word's range ends there; K4 own word := holding; K5 moves += 1;
 *              K6 its word: compare-and-swap -> idle (lost: T6); K7 give up the bar; then T5
 *              E1 bar a living one's line; its word, next; E2 own word := holding; E3 moves += 1;
 *              E4 compare-and-swap its word -> evicted(n) (lost: T6), give up the bar; then T5
 *              J0 next := head; J1 state := there, next epoch; J3 H := head; J4 next := H; J5 ring `room`: all with the
 *              name's door held
 *              R1 evicted as a whole: all others' own states := evicted (they are told, and may be taken over from);
 *              R2 compare-and-swap state -> there, one join more, same epoch; next stays: what is overwritten is passed over
 *              N1 newcomer: lock the byte where nobody bars the line, the group is there; N1' another group's words := idle, then
 *              membership; N2 state: count one more, by compare-and-swap; N3 adopt what its line's words hold
 *              X1 who is none of its members locks the byte of a dead one's line, as N1; X2 its words hold nothing; X3 the line is
 *              his
 *              G0 h0 := head, then state; G1 moves; G2 next; G3 each line: membership, words; G4 moves again: unchanged,
 *              else from G0; gate := slots + min
 *              D1 all lease bytes of members are free; D2 state: compare-and-swap -> free (not for a durable group)
 *
 * What must hold: each value from H on is processed by a member before it is overwritten, unless the group is dissolved or
 * evicted as a whole; it is delivered again at most once for each death or eviction of one that held it, never without;
 * who is delivered to gets the value of that seq; a word is taken over in its own epoch only; who has been evicted is
 * told; when nothing moves any more, all published values are processed if a member lives; no writer sleeps on before an
 * open gate; none waits but for a stopped member, a stopped writer, or a durable group without members.
 *
 * Sizes, -D:   SLOTS, WRITERS, VALUES each (FIRST of the first; 8 in all at most), MEMBERS, WORDS, SPAN (values that are taken at once)
 * Faults, -D:  DEATHS, STOPS (writers), MDEATHS, MSTOPS (members), RETURNS (newcomers in a dead one's line), EVICTIONS,
 *              GROUP_EVICTIONS (of the whole, at any time), STRANGERS (who take a line for something else, if they can)
 * Parts, -D:   DURABLE (the group is), SPINS (writers do not sleep; no bell), FOUNDS (the group may be founded, or revived,
 *              so often; it is there at first, too, unless ABSENT)
 * Mutations:   M_..., each must be found out.
 */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef WRITERS
#define WRITERS 1
#endif
#ifndef VALUES
#define VALUES 3
#endif
#ifndef FIRST
#define FIRST VALUES /* values of the first writer */
#endif
#define SEQS (FIRST + (WRITERS - 1) * VALUES)
#ifndef MEMBERS
#define MEMBERS 2
#endif
#ifndef WORDS
#define WORDS 1
#endif
#ifndef SPAN
#define SPAN 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef STOPS
#define STOPS 0
#endif
#ifndef MDEATHS
#define MDEATHS 0
#endif
#ifndef MSTOPS
#define MSTOPS 0
#endif
#ifndef RETURNS
#define RETURNS 0
#endif
#ifndef EVICTIONS
#define EVICTIONS 0
#endif
#ifndef GROUP_EVICTIONS
#define GROUP_EVICTIONS 0
#endif
#ifndef DURABLE
#define DURABLE 0
#endif
#ifndef SPINS
#define SPINS 0
#endif
#ifndef FOUNDS
#define FOUNDS 0
#endif
#ifndef ABSENT
#define ABSENT 0
#endif
#ifndef STRANGERS
#define STRANGERS 0
#endif
#define SPLIT_READ (EVICTIONS || GROUP_EVICTIONS || FOUNDS)

#define DONE(q) (((q) + 1) * 2)
#define BUSY(q) (((q) + 1) * 2 + 1)
#define IS_DONE(s) ((s) > 1 && !((s) & 1))
#define STAMP_SEQ(s) ((s) / 2 - 1)
#define IS_NEWER(s, q) ((s) > BUSY(q))
#define STAMP(q) stamp[(q) % SLOTS]

#define IDLE 0
#define HOLDING(n, c) (((n) + 1) * 4 + (c))
#define EVICTED(n) (((n) + 1) * 4)
#define HOLDS(w) ((w) & 3)
#define IS_EVICTED(w) ((w) > 0 && !((w) & 3))
#define LO(w) ((w) / 4 - 1)
#define COUNT(w) ((w) & 3)
#define END(w) (LO(w) + COUNT(w))

/* ---- the group's state word: epoch, joins, standing ---------------------------------------------------------------- */
#define FREE 0
#define THERE 1 /* joined or kept */
#define OUT 2   /* evicted as a whole */
#define ONE_JOIN 4
#define STANDING(s) ((s) & 3)
#define IS_THERE(s) (((s) & 3) == THERE)
#define EPOCH(s) ((s) / 32)
#define ONE_MORE(s) ((s) / 32 * 32 + ((s) + ONE_JOIN) % 32) /* the count goes round */
#define ANEW(s) ((EPOCH(s) + 1) * 32 + THERE)
#define TO(s, standing) ((s) / 4 * 4 + (standing))

/* ---- the segment -------------------------------------------------------------------------------------------------- */
byte head;
byte stamp[SLOTS];
#if SPLIT_READ
byte payload[SLOTS];
#endif
byte holds[WRITERS]; /* a writer's claim: seq + 1, or 0 */
#if ABSENT
byte state;
#else
byte state = 33; /* epoch 1, no join, there */
#endif
byte next, moves;
#define WORD(m, i) word[(m) * WORDS + (i)]
byte word[MEMBERS * WORDS];
byte room;

byte mlease[MEMBERS]; /* kept by the kernel: 0, or 1 + the party that holds it */
byte bars[MEMBERS];   /* too: a mask of the members that bar the line */
#define MAY_ENTER(m) (mlease[m] == 0 && bars[m] == 0)
#define BAR(m) bars[m] = bars[m] | (1 << me)
#ifdef M_EVICT_NO_BAR
#define E_BAR(m) skip
#else
#define E_BAR(m) BAR(m)
#endif
#define GIVE_UP_BAR(m) bars[m] = bars[m] & (255 - (1 << me))
bit lease[WRITERS];
bit asleep[WRITERS];

#if FOUNDS
byte membership[MEMBERS];
bit dismissed[MEMBERS]; /* its own state says that it was evicted */
byte door; /* the name's: 0, or 1 + the party that holds it */
#define OF(m, e) (membership[m] == (e))
#define MINE membership[me]
#define IS_OUT(m) dismissed[m]
#define IN_GROUP (IS_THERE(state) && OF(me, EPOCH(state)))
#else
#define OF(m, e) true
#define MINE 1
#define IS_OUT(m) false
#define IN_GROUP IS_THERE(state)
#endif
#ifdef M_NO_EPOCH /* takes every membership for one of the group that is there */
#define SEEN_OF(m, e) (membership[m] > 0)
#else
#define SEEN_OF(m, e) OF(m, e)
#endif
#define GATES_OF(m) OF(m, EPOCH(state))

#if MEMBERS == 1
#define DISSOLVE assert(joined[0] != EPOCH(state))
#elif MEMBERS == 2
#define DISSOLVE assert(joined[0] != EPOCH(state) && joined[1] != EPOCH(state))
#else
#define DISSOLVE assert(joined[0] != EPOCH(state) && joined[1] != EPOCH(state) && joined[2] != EPOCH(state))
#endif
#if WRITERS == 1
#define WAKE_ALL asleep[0] = 0
#define EXCUSE excused[0] = 1
#define OTHER_HAS_A_SLICE false
#else
#define WAKE_ALL asleep[0] = 0; asleep[1] = 0
#define EXCUSE excused[0] = 1; excused[1] = 1
#define OTHER_HAS_A_SLICE (asleep[1 - me] && !GATED(holds[1 - me] - 1))
#endif
#define RING_ROOM room = room + (room & 1); WAKE_ALL

/* ---- what only the model knows ------------------------------------------------------------------------------------ */
byte published, completed, holes; /* masks */
byte delivered[SEQS], excuses[SEQS];
bit grant[MEMBERS * WORDS]; /* its owner died with a value: that may be delivered once more */
bit stopped[WRITERS], mstopped[MEMBERS];
bit excused[WRITERS];
byte joined[MEMBERS]; /* relies on the group of that epoch */
#if FOUNDS
byte owed = 1 - ABSENT;    /* H + 1, or 0: nothing is owed to the group */
byte era[MEMBERS * WORDS]; /* the epoch in which the word was made what it is */
#define OWED(q) (owed > 0 && (q) + 1 >= owed)
#define SET_ERA(i) era[me * WORDS + (i)] = MINE
#define SAME_ERA(m, i) (era[(m) * WORDS + (i)] == MINE)
#define NOTHING_OWED owed = 0
#else
#define OWED(q) IS_THERE(state)
#define SET_ERA(i) skip
#define SAME_ERA(m, i) true
#define NOTHING_OWED skip
#endif
byte deaths, stops, mdeaths, mstops, returns, evictions, founds;
#define SOMEBODY_STOPPED (mstops > 0 || stops > 0)
#define HAS(mask, q) (((mask) >> (q)) & 1)

#if WRITERS == 1
#define COVERED(q) (lease[0] && holds[0] == (q) + 1)
#define STOPPED_COVERS(q) (stopped[0] && COVERED(q))
#define SLOT_HELD(q) false
#else
#define COVERED(q) ((lease[0] && holds[0] == (q) + 1) || (lease[1] && holds[1] == (q) + 1))
#define STOPPED_COVERS(q) ((stopped[0] && holds[0] == (q) + 1) || (stopped[1] && holds[1] == (q) + 1))
#define SLOT_HELD(q) \
  (lease[1 - me] && holds[1 - me] > 0 && holds[1 - me] <= (q) && (holds[1 - me] - 1) % SLOTS == (q) % SLOTS)
#endif
#define HOLE(q) (head > (q) && !COVERED(q) && STAMP(q) != DONE(q) && !IS_NEWER(STAMP(q), q))
#define PENDING(q) (head > (q) && COVERED(q) && STAMP(q) != DONE(q) && !IS_NEWER(STAMP(q), q))
#define RESOLVED(q) (STAMP(q) == DONE(q) || IS_NEWER(STAMP(q), q) || HOLE(q))

#define GATES(m, i, q) (HOLDS(WORD(m, i)) && LO(WORD(m, i)) + SLOTS <= (q) && GATES_OF(m))
#if WORDS == 1
#define SEAT_GATES(m, q) GATES(m, 0, q)
#else
#define SEAT_GATES(m, q) (GATES(m, 0, q) || GATES(m, 1, q))
#endif
#if MEMBERS == 1
#define WORDS_GATE(q) SEAT_GATES(0, q)
#elif MEMBERS == 2
#define WORDS_GATE(q) (SEAT_GATES(0, q) || SEAT_GATES(1, q))
#else
#define WORDS_GATE(q) (SEAT_GATES(0, q) || SEAT_GATES(1, q) || SEAT_GATES(2, q))
#endif
#define GATED(q) (IS_THERE(state) && (next + SLOTS <= (q) || WORDS_GATE(q)))
/* Who holds a word that is in the way for good: a stopped member, or nobody, and there is nobody to take it over; or it is
 * the word of a value whose writer is stopped. */
#define HOPELESS(m, i, q) (GATES(m, i, q) && (mstopped[m] || NO_MEMBER || STOPPED_COVERS(LO(WORD(m, i)))))
#define NO(m) (mlease[m] == 0 || mstopped[m])
#define DEAD(m) (mlease[m] == 0 || !GATES_OF(m))
#if MEMBERS == 1
#define NO_MEMBER NO(0)
#define NOBODY_LIVES DEAD(0)
#elif MEMBERS == 2
#define NO_MEMBER (NO(0) && NO(1))
#define NOBODY_LIVES (DEAD(0) && DEAD(1))
#else
#define NO_MEMBER (NO(0) && NO(1) && NO(2))
#define NOBODY_LIVES (DEAD(0) && DEAD(1) && DEAD(2))
#endif
#if FOUNDS && MSTOPS
#define FOUNDER_STOPPED (door > 0 && mstopped[door - 1])
#else
#define FOUNDER_STOPPED false
#endif
#if WORDS == 1
#define HOPELESS_SEAT(m, q) HOPELESS(m, 0, q)
#else
#define HOPELESS_SEAT(m, q) (HOPELESS(m, 0, q) || HOPELESS(m, 1, q))
#endif
#if MEMBERS == 1
#define HOPELESS_WORDS(q) HOPELESS_SEAT(0, q)
#elif MEMBERS == 2
#define HOPELESS_WORDS(q) (HOPELESS_SEAT(0, q) || HOPELESS_SEAT(1, q))
#else
#define HOPELESS_WORDS(q) (HOPELESS_SEAT(0, q) || HOPELESS_SEAT(1, q) || HOPELESS_SEAT(2, q))
#endif
#define JUSTIFIED(q) (NO_MEMBER || HOPELESS_WORDS(q) || STOPPED_COVERS(next) || FOUNDER_STOPPED)

/* ---- a writer ----------------------------------------------------------------------------------------------------- */
#if DEATHS
#define OR_DIE :: atomic { deaths < DEATHS -> deaths++; goto dead }
#else
#define OR_DIE
#endif
#if STOPS
#define OR_STOP :: atomic { stops < STOPS -> stops++; goto stopped_for_good }
#else
#define OR_STOP
#endif
#define STEP(access) if :: atomic { access } OR_DIE OR_STOP fi
#define DISSOLVES (!DURABLE && MDEATHS)

proctype Writer(byte me) {
  byte seq, gate, m, k, s, g, expected, todo = VALUES;
  bit announced;
#ifdef M_MEMBERSHIP_FIRST
  byte who;
#endif

  atomic { lease[me] = 1; if :: me == 0 -> todo = FIRST :: else fi }
alloc:
  if
  :: todo == 0 -> goto out
  :: else
  fi;
  STEP( seq = head; head++; holds[me] = seq + 1 );
check_gate:
  if
  :: seq < gate -> goto S1
  :: else
  fi;
G0:
#if FOUNDS && !defined(M_H0_LATE)
  STEP( m = head );
#else
  m = SEQS;
#endif
  STEP( g = state );
  if
  :: !IS_THERE(g) ->
#if !FOUNDS || defined(M_H0_LATE)
     STEP( m = head );
#endif
     goto G5 /* no group; the gate is a lap beyond a head that was seen */
  :: else
  fi;
#ifdef M_MEMBERSHIP_FIRST /* the lines' memberships are looked at with G0 */
  STEP( who = OF(0, EPOCH(g)) + 2 * OF(1, EPOCH(g)) );
#endif
G1:
  STEP( s = moves );
#ifndef M_WORDS_FIRST
G2:
  STEP( if :: next < m -> m = next :: else fi );
#endif
  do
  :: k == MEMBERS * WORDS -> k = 0; break
  :: else ->
G3:  STEP( if
#if defined(M_SCAN_NO_MEMBERSHIP)
           :: HOLDS(word[k]) && LO(word[k]) < m -> m = LO(word[k])
#elif defined(M_MEMBERSHIP_FIRST)
           :: HAS(who, k / WORDS) && HOLDS(word[k]) && LO(word[k]) < m -> m = LO(word[k])
#else
           :: SEEN_OF(k / WORDS, EPOCH(g)) && HOLDS(word[k]) && LO(word[k]) < m -> m = LO(word[k])
#endif
           :: else
           fi;
           k++ )
  od;
#ifdef M_WORDS_FIRST
  STEP( if :: next < m -> m = next :: else fi );
#endif
#ifndef M_NO_MOVES
G4:
  STEP( if :: moves != s -> m = 0; goto G0 :: else fi );
#endif
#ifdef M_H0_LATE
  STEP( if :: head < m -> m = head :: else fi );
#endif
G5:
  atomic {
#ifdef M_MEMBERSHIP_FIRST
    who = 0;
#endif
    s = 0; gate = (m + SLOTS > gate -> m + SLOTS : gate); m = 0 };
  if
  :: seq < gate -> atomic { announced = 0; expected = 0; g = 0; goto S1 }
  :: else
  fi;
#if DISSOLVES
  /* Is there anybody? */
  if
  :: !IS_THERE(g) -> goto G0
  :: else
  fi;
  do
  :: k == MEMBERS || s == 1 -> break
  :: else ->
D1:  STEP( if :: mlease[k] > 0 && OF(k, EPOCH(g)) -> s = 1 :: else fi; k++ )
  od;
  k = 0;
  if
  :: s == 1 -> s = 0
  :: else ->
#ifdef M_DISSOLVE_BY_STORE
     STEP( DISSOLVE; state = TO(state, FREE); NOTHING_OWED; RING_ROOM );
#else
D2:  STEP( if :: state == g -> DISSOLVE; state = TO(g, FREE); NOTHING_OWED; RING_ROOM :: else fi );
#endif
     goto G0
  fi;
#endif
#if SPINS
  if
  :: atomic { !GATED(seq) || (NOBODY_LIVES && DISSOLVES) -> goto G0 }
  OR_DIE
  OR_STOP
  :: atomic { timeout && GATED(seq) && !OTHER_HAS_A_SLICE -> assert(JUSTIFIED(seq)); goto end_blocked }
  fi;
#else
  if
  :: !announced ->
     STEP( room = room | 1; expected = room; announced = 1; excused[me] = 0 );
     goto G0
  :: else ->
     STEP( if :: room == expected -> asleep[me] = 1 :: else fi; expected = 0; announced = 0; g = 0 )
  fi;
  if
  :: atomic { !asleep[me] -> goto G0 }
  OR_DIE
  OR_STOP
  :: atomic { timeout && (!GATED(seq) || (NOBODY_LIVES && DISSOLVES)) -> assert(excused[me]); asleep[me] = 0; goto G0 } /* the end of a slice */
  :: atomic { timeout && GATED(seq) && !(NOBODY_LIVES && DISSOLVES) && !OTHER_HAS_A_SLICE -> assert(JUSTIFIED(seq)); asleep[me] = 0; goto end_blocked }
  fi;
#endif

S1:
  STEP( if
        :: SLOT_HELD(seq) -> holds[me] = 0; goto written /* no gate has held it back: it goes past, as in ring.pml */
        :: else
        fi;
        assert(STAMP(seq) < BUSY(seq));
        if
        :: IS_DONE(STAMP(seq)) && OWED(STAMP_SEQ(STAMP(seq))) -> assert(HAS(completed, STAMP_SEQ(STAMP(seq))))
        :: else
        fi;
        STAMP(seq) = BUSY(seq) );
#if SPLIT_READ
S3:
  STEP( payload[seq % SLOTS] = seq + 1 );
#endif
S4:
  STEP( STAMP(seq) = DONE(seq); assert(!HAS(holes, seq)); published = published | (1 << seq); holds[me] = 0 );
written:
  atomic { seq = 0; todo--; goto alloc };
#if DEATHS
dead:
  atomic { lease[me] = 0; asleep[me] = 0; EXCUSE; goto out };
#endif
#if STOPS
stopped_for_good:
  atomic { stopped[me] = 1; asleep[me] = 0; EXCUSE }
end_stopped:
  false;
#endif
end_blocked:
  false;
out:
  atomic { seq = 0; gate = 0; todo = 0; m = 0; k = 0; s = 0; g = 0; expected = 0; announced = 0 }
}

/* ---- a member ----------------------------------------------------------------------------------------------------- */
#if MDEATHS
#define OR_MDIE :: atomic { mdeaths < MDEATHS -> mdeaths++; goto mdead }
#else
#define OR_MDIE
#endif
#if MSTOPS
#define OR_MSTOP :: atomic { mstops < MSTOPS -> mstops++; goto mstopped_for_good }
#else
#define OR_MSTOP
#endif
#define MSTEP(access) if :: atomic { access } OR_MDIE OR_MSTOP fi

inline ring_room(nr) { /* T7 */
#if SPINS
  skip
#else
  MSTEP( seen = room & 1 );
  if
  :: seen -> MSTEP( seen = 0; room = room + 1; WAKE_ALL )
  :: else
  fi
#endif
}

/* Of a range that is to be taken over: so much may be delivered again. */
#define EXCUSE_ALL(from, to) \
  k = from; do :: k < to -> excuses[k]++; k++ :: else -> k = 0; break od

#ifdef M_NO_TRIM
#define TRIMMED(w) COUNT(w)
#else
#define TRIMMED(w) (END(w) > next -> next - LO(w) : COUNT(w)) /* what of it is taken */
#endif
#define TAKEN(w) (END(w) > next -> next : END(w))

#define CAN_BE_TAKEN (head > next && (RESOLVED(next) || (WORDS > 1 && PENDING(next) && WORD(me, WORDS - 1) == IDLE)))
#ifdef M_EXCLUSIVE_BAR
#define MAY_BAR(m) (bars[m] == 0)
#else
#define MAY_BAR(m) true
#endif
#define ORPHAN(m, i) (m != me && mlease[m] == 0 && MAY_BAR(m) && SEEN_OF(m, MINE) && HOLDS(WORD(m, i)))
#if WORDS == 1
#define ORPHANS(m) ORPHAN(m, 0)
#define CAN_TAKE(m, i) true
#define ASIDE_RESOLVED false
#else
#define CAN_TAKE(m, i) (RESOLVED(LO(WORD(m, i))) || WORD(me, 1) == IDLE)
#define ORPHANS(m) ((ORPHAN(m, 0) && CAN_TAKE(m, 0)) || (ORPHAN(m, 1) && CAN_TAKE(m, 1)))
#define ASIDE_RESOLVED (HOLDS(WORD(me, 1)) && RESOLVED(LO(WORD(me, 1))))
#endif
#if MEMBERS == 1
#define ANY_ORPHAN false
#elif MEMBERS == 2
#define ANY_ORPHAN ORPHANS(1 - me)
#else
#define ANY_ORPHAN (ORPHANS(0) || ORPHANS(1) || ORPHANS(2))
#endif
#define IN_THE_WAY(m, i) \
  ((evictions < EVICTIONS || IS_OUT(m)) && m != me && mlease[m] > 0 && SEEN_OF(m, MINE) && HOLDS(WORD(m, i)) && \
    LO(WORD(m, i)) < next && CAN_TAKE(m, i))
#define COUNT_IT(m) if :: !IS_OUT(m) -> evictions++ :: else fi

proctype Member(byte me) {
  byte n, c, w, d, i, v, k; /* n, c: the range in hand; w: which of its own words; d, i: another one's */
  bit seen, rings, again;
#if FOUNDS
  bit stays; /* has had this line all the time */
#endif
#if SPLIT_READ
  byte value;
#endif

take_seat:
  MSTEP( MAY_ENTER(me) -> mlease[me] = me + 1 ); /* N1 */
#if FOUNDS
enter:
end_at_door:
#ifdef M_JOIN_NO_DOOR
  MSTEP( v = state;
         if :: !IS_THERE(v) -> door == 0; door = me + 1 :: else fi );
#else
  MSTEP( door == 0 -> v = state;
         if :: !IS_THERE(v) -> door = me + 1 :: else fi );
#endif
  if
  :: IS_THERE(v) && OF(me, EPOCH(v))
  :: IS_THERE(v) && !OF(me, EPOCH(v)) ->
#ifdef M_MEMBERSHIP_EARLY
     MSTEP( membership[me] = EPOCH(v) );
#endif
#ifndef M_STALE_STAYS
     MSTEP( WORD(me, 0) = IDLE; grant[me * WORDS] = 0 );
#if WORDS > 1
     MSTEP( WORD(me, 1) = IDLE; grant[me * WORDS + 1] = 0 );
#endif
#endif
#ifndef M_MEMBERSHIP_EARLY
     MSTEP( membership[me] = EPOCH(v) )
#endif
  :: !IS_THERE(v) && founds < FOUNDS ->
     if
#ifndef M_REVIVED_ANEW
     :: STANDING(v) == OUT ->
        do
        :: k == MEMBERS -> k = 0; break
        :: else -> MSTEP( if :: k != me && OF(k, EPOCH(v)) -> dismissed[k] = 1 :: else fi; k++ ) /* R1 */
        od;
        MSTEP( founds++; state = ONE_MORE(TO(v, THERE)); owed = head + 1 ) /* R2 */
     :: STANDING(v) == FREE ->
#else
     :: true ->
#endif
        if
        :: STANDING(v) == FREE -> MSTEP( next = head ) /* J0 */
        :: else
        fi;
        MSTEP( founds++; state = ANEW(v); owed = 0 ); /* J1 */
        MSTEP( n = head; if :: state == ANEW(v) -> owed = n + 1 :: else fi ); /* J3 */
        if
        :: STANDING(v) == FREE -> MSTEP( next = n; n = 0 ) /* J4 */
        :: else -> n = 0
        fi
     fi;
     ring_room(8);
     MSTEP( door = 0; v = 0 );
     goto enter
  :: else -> atomic { door = 0; v = 0; goto leave } /* beyond the model's end */
  fi;
#else
  v = state;
  if
  :: !IS_THERE(v) -> v = 0; goto leave
  :: else
  fi;
#endif
#if FOUNDS
#ifdef M_JOIN_NO_COUNT
  MSTEP( if :: state == v -> joined[me] = EPOCH(v); dismissed[me] = 0; v = 0 :: else -> v = 0; goto enter fi );
#else
  MSTEP( if /* N2 */
         :: state == v -> state = ONE_MORE(v); joined[me] = EPOCH(v); dismissed[me] = 0; v = 0;
            if :: owed == 0 -> owed = head + 1 :: else fi /* who founded it died before J3 */
         :: else -> v = 0; goto enter
         fi );
#endif
  if
  :: stays -> atomic { stays = 0; goto end_look }
  :: else
  fi;
#else
#ifndef M_JOIN_NO_COUNT
  MSTEP( if :: IS_THERE(state) -> state = ONE_MORE(state); joined[me] = 1 :: else -> goto leave fi ); /* N2 */
#else
  MSTEP( if :: IS_THERE(state) -> joined[me] = 1 :: else -> goto leave fi );
#endif
#endif
#ifdef M_NEWCOMER_IDLE
  MSTEP( WORD(me, 0) = IDLE );
#else
#if MDEATHS
/* N3 */
#if WORDS > 1
  MSTEP( v = WORD(me, 1) );
  if
  :: HOLDS(v) ->
     MSTEP( assert(SAME_ERA(me, 1));
            if
            :: LO(v) < next ->
               if :: grant[me * WORDS + 1] -> EXCUSE_ALL(LO(v), LO(v) + 1) :: else fi
            :: else -> WORD(me, 1) = IDLE
            fi;
            grant[me * WORDS + 1] = 0; v = 0 );
     ring_room(5)
  :: else -> MSTEP( if :: IS_EVICTED(v) -> WORD(me, 1) = IDLE :: else fi; v = 0 )
  fi;
#endif
  MSTEP( v = WORD(me, 0) );
  if
  :: HOLDS(v) ->
     MSTEP( assert(SAME_ERA(me, 0));
            if
            :: LO(v) < next ->
               n = LO(v); c = TRIMMED(v); again = 1;
               if :: grant[me * WORDS] -> EXCUSE_ALL(n, TAKEN(v)); grant[me * WORDS] = 0 :: else fi
            :: else
            fi;
            v = 0 );
     if
     :: again -> atomic { again = 0; w = 0; goto T5 }
     :: else -> MSTEP( WORD(me, 0) = IDLE; grant[me * WORDS] = 0 ); ring_room(4)
     fi
  :: else -> MSTEP( if :: IS_EVICTED(v) -> WORD(me, 0) = IDLE :: else fi; v = 0 )
  fi;
#endif
#endif

end_look:
  do
  OR_MDIE
  OR_MSTOP
#if FOUNDS
  :: atomic { !IN_GROUP -> goto told_whole }
  :: atomic { IN_GROUP && dismissed[me] -> goto told_out }
  :: atomic { IN_GROUP && CAN_BE_TAKEN -> goto T1 }
#else
  :: atomic { IN_GROUP && CAN_BE_TAKEN -> n = next; goto T2 } /* T1 */
#endif
#ifndef M_LOST_NO_IDLE
  :: atomic { WORD(me, 0) != IDLE && IN_GROUP && !CAN_BE_TAKEN -> goto T6 }
#endif
#if WORDS > 1
  :: atomic { ASIDE_RESOLVED -> w = 1; n = LO(WORD(me, 1)); c = 1; goto T5 }
  :: atomic { IS_EVICTED(WORD(me, 1)) -> w = 1; goto T6 }
#endif
#if MDEATHS && MEMBERS > 1
  :: atomic { ANY_ORPHAN -> /* K1 */
       d = 0; do :: ORPHANS(d) -> break :: else -> d++ od;
#if WORDS > 1
       if :: ORPHAN(d, 0) && CAN_TAKE(d, 0) -> i = 0 :: else -> i = 1 fi;
#endif
       BAR(d); goto K2 }
#ifdef M_NO_MEMBER_LEASE
  :: atomic { HOLDS(WORD(1 - me, 0)) && LO(WORD(1 - me, 0)) < next -> d = 1 - me; BAR(d); goto K2 }
#endif
#endif
#if (EVICTIONS || FOUNDS) && MEMBERS > 1
  :: atomic { IN_THE_WAY(0, 0) -> COUNT_IT(0); d = 0; E_BAR(d); goto E1 }
  :: atomic { IN_THE_WAY(1, 0) -> COUNT_IT(1); d = 1; E_BAR(d); goto E1 }
#if MEMBERS > 2
  :: atomic { IN_THE_WAY(2, 0) -> COUNT_IT(2); d = 2; E_BAR(d); goto E1 }
#endif
#if WORDS > 1
  :: atomic { IN_THE_WAY(1 - me, 1) -> COUNT_IT(1 - me); d = 1 - me; i = 1; E_BAR(d); goto E1 }
#endif
#endif
  :: atomic { timeout -> break } /* nothing moves */
  od;
  atomic {
    k = 0;
    do
    :: k == SEQS -> break
    :: k < SEQS ->
       assert(!IS_THERE(state) || !OWED(k) || !HAS(published, k) || HAS(completed, k) || SOMEBODY_STOPPED); k++
    od;
    k = 0
  }
end_look_2: /* somebody's slice may end, and it goes on */
  if
#if FOUNDS
  :: atomic { !IN_GROUP -> goto told_whole }
  :: atomic { IN_GROUP && dismissed[me] -> goto told_out }
#endif
  :: atomic { IN_GROUP && CAN_BE_TAKEN -> goto end_look }
#if WORDS > 1
  :: atomic { ASIDE_RESOLVED || IS_EVICTED(WORD(me, 1)) -> goto end_look }
#endif
#if MDEATHS && MEMBERS > 1
  :: atomic { ANY_ORPHAN -> goto end_look }
#endif
  fi;

#if FOUNDS
T1:
  MSTEP( n = next );
#endif
T2:
  MSTEP( if
         :: STAMP(n) == DONE(n) -> w = 0
         :: IS_NEWER(STAMP(n), n) -> assert(next > n || !OWED(n)); goto H1
         :: HOLE(n) -> goto H1
         :: else ->
#if WORDS > 1
            if :: PENDING(n) && WORD(me, 1) == IDLE -> w = 1 :: else -> n = 0; goto end_look fi
#else
            n = 0; goto end_look
#endif
         fi;
         c = 1 );
#if SPAN > 1
  if
  :: w == 0 && n + 1 < SEQS && SLOTS > 1 -> MSTEP( if :: STAMP(n + 1) == DONE(n + 1) -> c = 2 :: else fi )
  :: else
  fi;
#endif
#ifndef M_HOLD_LATE
T3:
  MSTEP(
#ifdef M_T3_STORE
         assert(!IS_EVICTED(WORD(me, w)));
#else
         if :: IS_EVICTED(WORD(me, w)) -> n = 0; c = 0; goto told :: else fi;
#endif
         rings = (WORD(me, w) != IDLE); WORD(me, w) = HOLDING(n, c); SET_ERA(w) );
#endif
T4:
  MSTEP( if :: next == n -> next = n + c :: else -> c = 0 fi );
#ifdef M_HOLD_LATE
  if
  :: c > 0 -> MSTEP( WORD(me, w) = HOLDING(n, c) )
  :: else
  fi;
#endif
#ifndef M_T3_NO_RING
  if
  :: rings -> rings = 0; ring_room(3)
  :: else
  fi;
#else
  rings = 0;
#endif
  if
  :: c == 0 && w == 0 -> atomic { n = 0; goto end_look } /* lost */
  :: c == 0 && w == 1 -> n = 0; goto T6
  :: c > 0 && w == 1 -> atomic { n = 0; c = 0; w = 0; goto end_look }
  :: c > 0 && w == 0
  fi;

T5: /* from word w */
#ifdef M_NO_R4
#define VERIFIED true
#else
#define VERIFIED (STAMP(n) == DONE(n))
#endif
  MSTEP( if
#if SPLIT_READ
         :: STAMP(n) == DONE(n)
#else
         :: STAMP(n) == DONE(n) -> assert(delivered[n] <= excuses[n]); delivered[n]++
#endif
         :: IS_NEWER(STAMP(n), n) -> assert(HAS(completed | holes, n) || !OWED(n)); goto next_of_range /* it was not this one's, or is no more */
         :: HOLE(n) -> assert(!HAS(published, n)); holes = holes | (1 << n); goto next_of_range
#if WORDS > 1
         :: else -> assert(PENDING(n)); goto pending
#endif
         fi );
#if SPLIT_READ
R2:
  MSTEP( value = payload[n % SLOTS] );
R4:
  MSTEP( if
         :: VERIFIED -> assert(value == n + 1); value = 0; assert(delivered[n] <= excuses[n]); delivered[n]++
         :: else -> value = 0; assert(HAS(completed | holes, n) || !OWED(n)); goto next_of_range
         fi );
#endif
#ifdef M_DONE_EARLY
  MSTEP( WORD(me, w) = IDLE );
#endif
  if /* the caller has processed it */
  :: atomic { completed = completed | (1 << n) }
  OR_MDIE
#if MSTOPS
  :: atomic { mstops < MSTOPS -> mstops++; mstopped[me] = 1; goto end_mstopped } /* or is busy with it for good: all bells have rung */
#endif
  fi;
next_of_range:
  if
  :: c > 1 -> atomic { n++; c--; goto T5 }
#if SPAN > 1
  :: c > 1 && w == 0 -> /* it goes on to hold what is left */
     MSTEP( n++; c--;
            if
            :: IS_EVICTED(WORD(me, 0)) -> n = 0; c = 0; goto told
            :: else -> WORD(me, 0) = HOLDING(n, c); SET_ERA(0)
            fi );
     ring_room(10);
     goto T5
#endif
  :: c <= 1 && w == 0 -> atomic { n = 0; c = 0; goto end_look } /* with its next call the caller has done with it */
  :: c <= 1 && w == 1 -> atomic { n = 0; c = 0 }
  fi;

T6:
  MSTEP( if :: IS_EVICTED(WORD(me, w)) -> goto told :: else -> WORD(me, w) = IDLE; w = 0 fi );
#ifndef M_NO_RING
  ring_room(1);
#endif
  goto end_look;

told: /* it has been evicted from word w */
  MSTEP( WORD(me, w) = IDLE; w = 0 );
  goto end_look;

#if WORDS > 1
pending: /* stays in its word */
  assert(w == 1);
  atomic { n = 0; c = 0; w = 0; goto end_look };
#endif

H1:
#ifdef M_HOLE_STORE
  MSTEP( next = n + 1; n = 0 );
#else
  MSTEP( if
         :: next == n ->
            next = n + 1;
            if :: !IS_NEWER(STAMP(n), n) -> assert(!HAS(published, n)); holes = holes | (1 << n) :: else fi
         :: else
         fi;
         n = 0 );
#endif
  ring_room(2);
  goto end_look;

#if MDEATHS && MEMBERS > 1
/* It is this one's now, and its owner is dead: that is what it may be delivered again for. */
#define TAKE_OVER WORD(d, i) = IDLE; if :: grant[d * WORDS + i] -> EXCUSE_ALL(n, n + c) :: else fi; grant[d * WORDS + i] = 0
K2:
  MSTEP( v = WORD(d, i) );
  if
  :: HOLDS(v) ->
     MSTEP( if /* K3 */
#ifdef M_NO_NEXT_CHECK
            :: true ->
#else
            :: LO(v) < next ->
#endif
               assert(SAME_ERA(d, i));
               n = LO(v); c = TRIMMED(v); again = 1; w = 0;
#if WORDS > 1
               if :: !RESOLVED(n) -> w = 1 :: else fi
#endif
#ifndef M_NO_NEXT_CHECK
            :: else
#endif
            fi );
     if
     :: again ->
#ifdef M_IDLE_FIRST
        MSTEP( if :: WORD(d, i) == v -> TAKE_OVER :: else -> again = 0; goto K7 fi );
#endif
#ifdef M_UNLOCK_FIRST
        MSTEP( GIVE_UP_BAR(d) );
#endif
        MSTEP( /* K4 */
#ifdef M_K4_STORE
               assert(!IS_EVICTED(WORD(me, w)));
#else
               if :: IS_EVICTED(WORD(me, w)) -> again = 0; goto K7 :: else fi;
#endif
               WORD(me, w) = HOLDING(n, c); SET_ERA(w) );
        MSTEP( moves++ );              /* K5 */
#ifndef M_IDLE_FIRST
#ifdef M_K6_STORE
        MSTEP( TAKE_OVER );
#else
        MSTEP( if :: WORD(d, i) == v -> TAKE_OVER :: else -> again = 0 fi ) /* K6 */
#endif
#endif
     :: else -> MSTEP( if :: WORD(d, i) == v -> WORD(d, i) = IDLE; grant[d * WORDS + i] = 0 :: else fi )
     fi
  :: else
  fi;
K7:
  MSTEP( GIVE_UP_BAR(d); d = 0; i = 0; v = 0 );
  ring_room(7);
  if
  :: again -> atomic { again = 0; goto T5 }
  :: !again && c > 0 -> atomic { n = 0; c = 0; goto T6 } /* lost */
  :: else -> goto end_look
  fi;
#endif

#if (EVICTIONS || FOUNDS) && MEMBERS > 1
E1:
  MSTEP( v = WORD(d, i) );
  if
  :: HOLDS(v) ->
     MSTEP( if
            :: LO(v) < next && (WORDS == 1 || RESOLVED(LO(v))) -> n = LO(v); c = TRIMMED(v)
            :: LO(v) < next && WORDS > 1 && !RESOLVED(LO(v)) && WORD(me, WORDS - 1) == IDLE -> n = LO(v); c = 1; w = 1
            :: else
            fi );
     if
     :: c > 0 ->
        MSTEP( /* E2 */
#ifdef M_K4_STORE
               assert(!IS_EVICTED(WORD(me, w)));
#else
               if :: IS_EVICTED(WORD(me, w)) -> goto given_up :: else fi;
#endif
               WORD(me, w) = HOLDING(n, c); SET_ERA(w) );
        MSTEP( moves++ ); /* E3 */
        MSTEP(
#ifdef M_EVICT_BLIND
               again = 1; EXCUSE_ALL(n, n + c); WORD(d, i) = EVICTED(n)
#else
               if
               :: WORD(d, i) == v -> assert(SAME_ERA(d, i)); again = 1; EXCUSE_ALL(n, n + c); WORD(d, i) = EVICTED(n)
               :: else
               fi
#endif
               ) /* E4 */
     :: else
     fi
  :: else
  fi;
given_up:
  atomic { GIVE_UP_BAR(d); d = 0; i = 0; v = 0 };
  ring_room(6);
  if
  :: again -> atomic { again = 0; goto T5 }
  :: !again && c > 0 -> atomic { n = 0; c = 0; goto T6 } /* lost */
  :: else -> goto end_look
  fi;
#endif

#if FOUNDS
told_whole: /* the group has been evicted as a whole */
  atomic { joined[me] = 0; stays = 1; goto enter };
told_out: /* or it alone; what it holds it goes on to hold, if nobody has taken it over */
  MSTEP( dismissed[me] = 0 );
  goto end_look;
#endif

#if MDEATHS
mdead: /* the kernel frees what it has locked */
  atomic {
    if :: HOLDS(WORD(me, 0)) -> grant[me * WORDS] = 1 :: else fi;
#if WORDS > 1
    if :: HOLDS(WORD(me, 1)) -> grant[me * WORDS + 1] = 1 :: else fi;
#endif
    EXCUSE; joined[me] = 0;
    k = 0;
    do
    :: k == MEMBERS -> k = 0; break
    :: k < MEMBERS -> if :: mlease[k] == me + 1 -> mlease[k] = 0 :: else fi; GIVE_UP_BAR(k); k++
    od;
#if FOUNDS
    stays = 0;
    if :: door == me + 1 -> door = 0 :: else fi;
#endif
#if SPLIT_READ
    value = 0;
#endif
    n = 0; c = 0; w = 0; d = 0; i = 0; v = 0; seen = 0; rings = 0; again = 0
  }
  if
  :: atomic { returns < RETURNS -> returns++; goto take_seat }
  :: skip
  fi;
  goto out;
#endif
leave:
  MSTEP( mlease[me] = 0 );
  goto out;
#if MSTOPS
mstopped_for_good:
  atomic { mstopped[me] = 1; EXCUSE }
end_mstopped:
  false;
#endif
out:
  skip
}

#if GROUP_EVICTIONS
/* Somebody's patience is over, or somebody asks for it. */
proctype Evictor() {
  byte j;
end_evictor:
  do
  :: atomic { j < GROUP_EVICTIONS && IS_THERE(state) -> state = TO(state, OUT); NOTHING_OWED; j++ };
     atomic { RING_ROOM }
  od
}
#endif

#if STRANGERS
/* Somebody who looks for a line for something else. */
proctype Stranger(byte k) {
#define HELD(m, i) (HOLDS(WORD(m, i)) && IS_THERE(state) && OF(m, EPOCH(state)))
  byte i;
#ifdef M_LOOKS_FIRST
  do
  :: i == WORDS -> break
  :: else -> if :: HELD(k, i) -> goto out :: else -> i++ fi
  od;
#endif
end_stranger:
  atomic { MAY_ENTER(k) -> mlease[k] = MEMBERS + 1; i = 0 }; /* X1 */
#ifndef M_LOOKS_FIRST
  do
  :: i == WORDS -> break
  :: else -> if :: HELD(k, i) -> goto leave :: else -> i++ fi /* X2 */
  od;
#endif
  atomic { membership[k] = 0; dismissed[k] = 0 }; /* X3 */
  i = 0;
  do
  :: i == WORDS -> break
  :: else -> atomic { WORD(k, i) = IDLE; grant[k * WORDS + i] = 0; i++ }
  od;
  atomic { WORD(k, 0) = HOLDING(0, 1); era[k * WORDS] = 0 }; /* of another group, what looks the same */
leave:
  mlease[k] = 0;
out:
  i = 0
}
#endif

init {
  atomic {
    byte j;
    for (j : 0 .. WRITERS - 1) { run Writer(j) }
    for (j : 0 .. MEMBERS - 1) { run Member(j) }
#if GROUP_EVICTIONS
    run Evictor();
#endif
#if STRANGERS
    run Stranger(0);
#endif
    j = 0
  }
}
