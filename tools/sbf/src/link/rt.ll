; Helpers that the lowering calls, and the C memory functions on top of Solana's syscalls.
target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "bpfel"
declare void @sol_memcpy_(ptr, ptr, i64)
declare void @sol_memmove_(ptr, ptr, i64)
declare void @sol_memset_(ptr, i8, i64)
declare void @sol_memcmp_(ptr, ptr, i64, ptr)
define linkonce_odr ptr @memcpy(ptr %d, ptr %s, i64 %n) nounwind {
  call void @sol_memcpy_(ptr %d, ptr %s, i64 %n)
  ret ptr %d
}
define linkonce_odr ptr @memmove(ptr %d, ptr %s, i64 %n) nounwind {
  call void @sol_memmove_(ptr %d, ptr %s, i64 %n)
  ret ptr %d
}
define linkonce_odr ptr @memset(ptr %d, i32 %c, i64 %n) nounwind {
  %b = trunc i32 %c to i8
  call void @sol_memset_(ptr %d, i8 %b, i64 %n)
  ret ptr %d
}
define linkonce_odr i32 @memcmp(ptr %a, ptr %b, i64 %n) nounwind {
  %r = alloca i32, align 4
  store i32 0, ptr %r, align 4
  call void @sol_memcmp_(ptr %a, ptr %b, i64 %n, ptr %r)
  %v = load i32, ptr %r, align 4
  ret i32 %v
}
define linkonce_odr i32 @bcmp(ptr %a, ptr %b, i64 %n) nounwind {
  %r = alloca i32, align 4
  store i32 0, ptr %r, align 4
  call void @sol_memcmp_(ptr %a, ptr %b, i64 %n, ptr %r)
  %v = load i32, ptr %r, align 4
  ret i32 %v
}
; high 64 bits of an unsigned 64 x 64 product
define i64 @__sbpf_mulhi(i64 %a, i64 %b) nounwind noinline {
  %al = and i64 %a, 4294967295
  %ah = lshr i64 %a, 32
  %bl = and i64 %b, 4294967295
  %bh = lshr i64 %b, 32
  %ll = mul i64 %al, %bl
  %lh = mul i64 %al, %bh
  %hl = mul i64 %ah, %bl
  %hh = mul i64 %ah, %bh
  %t0 = lshr i64 %ll, 32
  %t1 = add i64 %t0, %lh
  %t1l = and i64 %t1, 4294967295
  %t1h = lshr i64 %t1, 32
  %t2 = add i64 %t1l, %hl
  %t2h = lshr i64 %t2, 32
  %r0 = add i64 %hh, %t1h
  %r = add i64 %r0, %t2h
  ret i64 %r
}
; signed division and remainder (wrapping, divisor != 0)
define i64 @__sbpf_sdiv(i64 %a, i64 %b) nounwind {
  %sa = ashr i64 %a, 63
  %sb = ashr i64 %b, 63
  %xa = xor i64 %a, %sa
  %ua = sub i64 %xa, %sa
  %xb = xor i64 %b, %sb
  %ub = sub i64 %xb, %sb
  %q = udiv i64 %ua, %ub
  %s = xor i64 %sa, %sb
  %xq = xor i64 %q, %s
  %r = sub i64 %xq, %s
  ret i64 %r
}
define i64 @__sbpf_srem(i64 %a, i64 %b) nounwind {
  %sa = ashr i64 %a, 63
  %sb = ashr i64 %b, 63
  %xa = xor i64 %a, %sa
  %ua = sub i64 %xa, %sa
  %xb = xor i64 %b, %sb
  %ub = sub i64 %xb, %sb
  %q = urem i64 %ua, %ub
  %xq = xor i64 %q, %sa
  %r = sub i64 %xq, %sa
  ret i64 %r
}
; 1 if a*b overflows i64
define i64 @__sbpf_smulo(i64 %a, i64 %b) nounwind noinline {
  %sa = ashr i64 %a, 63
  %sb = ashr i64 %b, 63
  %xa = xor i64 %a, %sa
  %ua = sub i64 %xa, %sa
  %xb = xor i64 %b, %sb
  %ub = sub i64 %xb, %sb
  %p = mul i64 %ua, %ub
  %z = icmp eq i64 %ua, 0
  %d = select i1 %z, i64 1, i64 %ua
  %q = udiv i64 %p, %d
  %ne = icmp ne i64 %q, %ub
  %nz = xor i1 %z, true
  %uo = and i1 %ne, %nz
  %s = xor i64 %sa, %sb
  %neg = lshr i64 %s, 63
  %lim = add i64 %neg, 9223372036854775807
  %big = icmp ugt i64 %p, %lim
  %o = or i1 %uo, %big
  %r = zext i1 %o to i64
  ret i64 %r
}
; unsigned 128 / 128 division: Knuth's algorithm D on 64-bit limbs, quotient to out[0..16], remainder to out[16..32]
define i64 @__sbpf_div2by1(i64 %u1, i64 %u0, i64 %d, ptr %rem) nounwind noinline {
  ; requires: top bit of d set, u1 < d   (Hacker's Delight divlu, 32-bit digits)
  %d1 = lshr i64 %d, 32
  %d0 = and i64 %d, 4294967295
  %n1 = lshr i64 %u0, 32
  %n0 = and i64 %u0, 4294967295
  %q1a = udiv i64 %u1, %d1
  %m1 = mul i64 %q1a, %d1
  %r1a = sub i64 %u1, %m1
  br label %l1
l1:
  %q1 = phi i64 [ %q1a, %0 ], [ %q1d, %fix1 ]
  %r1 = phi i64 [ %r1a, %0 ], [ %r1d, %fix1 ]
  %q1big = icmp ugt i64 %q1, 4294967295
  %p1 = mul i64 %q1, %d0
  %r1s = shl i64 %r1, 32
  %c1 = or i64 %r1s, %n1
  %gt1 = icmp ugt i64 %p1, %c1
  %bad1 = or i1 %q1big, %gt1
  br i1 %bad1, label %fix1, label %done1
fix1:
  %q1d = add i64 %q1, -1
  %r1d = add i64 %r1, %d1
  %r1ok = icmp ult i64 %r1d, 4294967296
  br i1 %r1ok, label %l1, label %done1
done1:
  %q1f = phi i64 [ %q1, %l1 ], [ %q1d, %fix1 ]
  %ua = shl i64 %u1, 32
  %ub = or i64 %ua, %n1
  %qd1 = mul i64 %q1f, %d
  %u21 = sub i64 %ub, %qd1
  %q0a = udiv i64 %u21, %d1
  %m0 = mul i64 %q0a, %d1
  %r0a = sub i64 %u21, %m0
  br label %l0
l0:
  %q0 = phi i64 [ %q0a, %done1 ], [ %q0d, %fix0 ]
  %r0 = phi i64 [ %r0a, %done1 ], [ %r0d, %fix0 ]
  %q0big = icmp ugt i64 %q0, 4294967295
  %p0 = mul i64 %q0, %d0
  %r0s = shl i64 %r0, 32
  %c0 = or i64 %r0s, %n0
  %gt0 = icmp ugt i64 %p0, %c0
  %bad0 = or i1 %q0big, %gt0
  br i1 %bad0, label %fix0, label %done0
fix0:
  %q0d = add i64 %q0, -1
  %r0d = add i64 %r0, %d1
  %r0ok = icmp ult i64 %r0d, 4294967296
  br i1 %r0ok, label %l0, label %done0
done0:
  %q0f = phi i64 [ %q0, %l0 ], [ %q0d, %fix0 ]
  %va = shl i64 %u21, 32
  %vb = or i64 %va, %n0
  %qd0 = mul i64 %q0f, %d
  %rr = sub i64 %vb, %qd0
  store i64 %rr, ptr %rem, align 8
  %qh = shl i64 %q1f, 32
  %q = or i64 %qh, %q0f
  ret i64 %q
}
declare i64 @llvm.ctlz.i64(i64, i1)
define void @__sbpf_udivmod(ptr %out, i64 %nl, i64 %nh, i64 %dl, i64 %dh) nounwind noinline {
  %o1 = getelementptr i8, ptr %out, i64 8
  %o2 = getelementptr i8, ptr %out, i64 16
  %o3 = getelementptr i8, ptr %out, i64 24
  %dh0 = icmp eq i64 %dh, 0
  br i1 %dh0, label %small, label %big
small:
  %nh0 = icmp eq i64 %nh, 0
  br i1 %nh0, label %tiny, label %mid
tiny:
  %tq = udiv i64 %nl, %dl
  %tm = mul i64 %tq, %dl
  %tr = sub i64 %nl, %tm
  store i64 %tq, ptr %out, align 8
  store i64 0, ptr %o1, align 8
  store i64 %tr, ptr %o2, align 8
  store i64 0, ptr %o3, align 8
  ret void
mid:
  %qh = udiv i64 %nh, %dl
  %qhm = mul i64 %qh, %dl
  %nh1 = sub i64 %nh, %qhm
  %s = call i64 @llvm.ctlz.i64(i64 %dl, i1 false)
  %sz = icmp eq i64 %s, 0
  %d = shl i64 %dl, %s
  %u1a = shl i64 %nh1, %s
  %inv0 = sub i64 64, %s
  %inv = and i64 %inv0, 63
  %cr0 = lshr i64 %nl, %inv
  %cr = select i1 %sz, i64 0, i64 %cr0
  %u1 = or i64 %u1a, %cr
  %u0 = shl i64 %nl, %s
  %ql = call i64 @__sbpf_div2by1(i64 %u1, i64 %u0, i64 %d, ptr %o2)
  %rn = load i64, ptr %o2, align 8
  %rs = lshr i64 %rn, %s
  store i64 %ql, ptr %out, align 8
  store i64 %qh, ptr %o1, align 8
  store i64 %rs, ptr %o2, align 8
  store i64 0, ptr %o3, align 8
  ret void
big:
  ; d >= 2^64: quotient fits 64 bits; estimate with the normalised top limb
  %bs = call i64 @llvm.ctlz.i64(i64 %dh, i1 false)
  %bsz = icmp eq i64 %bs, 0
  %binv0 = sub i64 64, %bs
  %binv = and i64 %binv0, 63
  %bh = shl i64 %dh, %bs
  %bl0 = lshr i64 %dl, %binv
  %bl = select i1 %bsz, i64 0, i64 %bl0
  %bd = or i64 %bh, %bl
  ; (n >> 1) / top64(d), then shift right by 63 - s
  %n1h = lshr i64 %nh, 1
  %n1l0 = lshr i64 %nl, 1
  %n1x = shl i64 %nh, 63
  %n1l = or i64 %n1l0, %n1x
  %e0 = call i64 @__sbpf_div2by1(i64 %n1h, i64 %n1l, i64 %bd, ptr %o2)
  %sh = xor i64 %bs, 63
  %e1 = lshr i64 %e0, %sh
  %ez = icmp eq i64 %e1, 0
  %em1 = add i64 %e1, -1
  %e = select i1 %ez, i64 0, i64 %em1
  ; r = n - e*d
  %pl = mul i64 %e, %dl
  %ph0 = call i64 @__sbpf_mulhi(i64 %e, i64 %dl)
  %ph1 = mul i64 %e, %dh
  %ph = add i64 %ph0, %ph1
  %rl = sub i64 %nl, %pl
  %bw = icmp ult i64 %nl, %pl
  %bwz = zext i1 %bw to i64
  %rh0 = sub i64 %nh, %ph
  %rh = sub i64 %rh0, %bwz
  ; one correction at most
  %gth = icmp ugt i64 %rh, %dh
  %eqh = icmp eq i64 %rh, %dh
  %gel = icmp uge i64 %rl, %dl
  %eqge = and i1 %eqh, %gel
  %ge = or i1 %gth, %eqge
  br i1 %ge, label %corr, label %fin
corr:
  %e2 = add i64 %e, 1
  %rl2 = sub i64 %rl, %dl
  %bw2 = icmp ult i64 %rl, %dl
  %bw2z = zext i1 %bw2 to i64
  %rh2a = sub i64 %rh, %dh
  %rh2 = sub i64 %rh2a, %bw2z
  br label %fin
fin:
  %qf = phi i64 [ %e, %big ], [ %e2, %corr ]
  %rlf = phi i64 [ %rl, %big ], [ %rl2, %corr ]
  %rhf = phi i64 [ %rh, %big ], [ %rh2, %corr ]
  store i64 %qf, ptr %out, align 8
  store i64 0, ptr %o1, align 8
  store i64 %rlf, ptr %o2, align 8
  store i64 %rhf, ptr %o3, align 8
  ret void
}

; out[0..2] = low 128 bits of the product, out[2] = 1 on overflow
define void @__sbpf_umulo128(ptr %out, i64 %al, i64 %ah, i64 %bl, i64 %bh) nounwind noinline {
  %o1 = getelementptr i8, ptr %out, i64 8
  %o2 = getelementptr i8, ptr %out, i64 16
  %lo = mul i64 %al, %bl
  %h0 = call i64 @__sbpf_mulhi(i64 %al, i64 %bl)
  %c1l = mul i64 %al, %bh
  %c1h = call i64 @__sbpf_mulhi(i64 %al, i64 %bh)
  %c2l = mul i64 %ah, %bl
  %c2h = call i64 @__sbpf_mulhi(i64 %ah, i64 %bl)
  %both0 = icmp ne i64 %ah, 0
  %both1 = icmp ne i64 %bh, 0
  %both = and i1 %both0, %both1
  %h1 = add i64 %h0, %c1l
  %k1 = icmp ult i64 %h1, %h0
  %h2 = add i64 %h1, %c2l
  %k2 = icmp ult i64 %h2, %h1
  %cc = or i64 %c1h, %c2h
  %ccn = icmp ne i64 %cc, 0
  %x0 = or i1 %both, %k1
  %x1 = or i1 %x0, %k2
  %x = or i1 %x1, %ccn
  %xz = zext i1 %x to i64
  store i64 %lo, ptr %out, align 8
  store i64 %h2, ptr %o1, align 8
  store i64 %xz, ptr %o2, align 8
  ret void
}
