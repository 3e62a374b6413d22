#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No floating point in an integer step: disassembles the objects that execute steps and fails if one of
# them computes with floating-point numbers. x86-64.
#   no_float_test.sh SOURCES OBJECTS OBJDUMP
# OBJECTS is the folder that holds the library's objects under their paths below SOURCES.
set -euo pipefail
sources=$1 objects=$2 objdump=$3
cd "$objects"

# What executes steps, and the primitives that are called for it. Graphs, passes and the compiler of
# programs are done when the first step begins.
executing='^(core|backends|embedded)/|^runtime/|^ir/rules/.*formulas|/[^/]*integer[^/]*$'

# Objects among them that compute with floating-point numbers, and why an integer step does not need
# them. Each must hold such an instruction: that is the proof that this test can fail.
exempt='
/[^/]*real[^/]*$               floating-point networks, by name
^ir/rules/formulas\.cpp        the formulas of floating-point networks
^runtime/compile\.cpp          constants of floating-point networks, before the first step
^runtime/host_score\.cpp       a gate of the user: a function of floats
^backends/webgpu/(emit/.*|formula)\.cpp  writes the text of kernels, before the first step
^backends/cpu/diagnostics\.cpp times products for the bench
'

# By mnemonic (Intel SDM, volume 2): arithmetic, minimum and maximum, square roots and reciprocals,
# rounding, scaling, fused products, dot products, comparisons and classifications of single, double and
# half numbers, scalar or packed; every conversion (cvt...); and the whole x87 unit (f...). Free are
# moves, logic, blends, shuffles, unpacking, broadcasts, compression, gathers and mask moves of the ps/pd
# forms: they carry bits, whatever these mean, and compilers use them for integers.
number='(ss|sd|ps|pd|sh|ph|bf16)'
arithmetic='add|sub|mul|div|min|max|hadd|hsub|addsub|dp|dpbf16|sqrt|rsqrt(14|28)?|rcp(14|28)?|exp2'
arithmetic="$arithmetic|round|rndscale|reduce|range|scalef|getexp|getmant|fixupimm|fpclass"
arithmetic="$arithmetic|fn?m(add|sub|addsub|subadd)[0-9]*|fc?(mul|madd)c|4fn?madd|cmp[a-z_]*|u?comi"
computes="^(v?($arithmetic)$number|v?cvt[a-z0-9]*|f[a-z0-9]+)\$"

# A function of the mathematical library is floating-point arithmetic too, wherever it is.
library='a?(sin|cos|tan)h?|atan2|exp(2|m1)?|log(2|10|1p|b)?|pow|sqrt|cbrt|hypot|erfc?|[lt]gamma|fabs|fmod'
library="$library|remainder|fma|fdim|fmax|fmin|ceil|floor|trunc|(l?l)?(round|rint)|nearbyint|ldexp|frexp"
library="$library|scalbl?n|ilogb|modf|strto(d|f|ld)"

# What one object computes with, the commonest first: "mulsd 12, addsd 3, lround 1".
floats_of() {
  "$objdump" -dt --no-show-raw-insn "$1" | awk -F'\t' -v computes="$computes" -v library="^($library)[fl]?\$" '
    $1 ~ /[*]UND[*]$/ { sub(/^[0-9a-f]+ /, "", $2); if ($2 ~ library) ++count[$2]; next }
    /^ *[0-9a-f]+:/ { split($2, words, " ")
      name = words[1] ~ /^(lock|rep[a-z]*|bnd|notrack|data16|cs|ds)$/ ? words[2] : words[1]
      if (name ~ computes) ++count[name] }
    END { for (name in count) printf "%d %s\n", count[name], name }' |
    sort -k1,1nr -k2 | awk 'NR <= 4 { printf("%s%s %d", (NR > 1 ? ", " : ""), $2, $1) }'
}

# The rule itself, on mnemonics of both kinds.
for name in addss vaddpd vfmadd231ps vfnmsub132sd cvttsd2si vcvtdq2ps ucomisd vcmpltps cmpeqpd sqrtsd \
            vrndscalesd vrcp14ps vmaxps fld fildll fstp vscalefpd vdpbf16ps vmulph haddps; do
  [[ $name =~ $computes ]] || { echo "the rule misses $name"; exit 1; }
done
for name in movaps vmovupd xorps vandnpd vpermilps vblendvps vshufps unpcklpd vpaddd vpmaxsd vpmulld vpcmpgtd \
            vbroadcastss vextractf128 vpermpd vgatherdps pmaxsd vpdpbusd vpminsd movmskpd vpackusdw paddd \
            cmpl cmpxchg addl subq mulq divl vpsubd vtestps vpminsq; do
  [[ ! $name =~ $computes ]] || { echo "the rule takes $name for arithmetic"; exit 1; }
done

exempt=$(grep -v '^$' <<<"$exempt")
clean=0 proofs=0 failed=0
list=$(find . -name '*.o' | sed 's|^\./||' | LC_ALL=C sort)
while read -r object; do
  source=${object%.o}
  [[ $source =~ $executing && -f $sources/$source ]] || continue  # old objects stay in a build
  reason=""
  while read -r pattern why; do
    if [[ $source =~ $pattern ]]; then reason=$why; fi
  done <<<"$exempt"
  floats=$(floats_of "$object")
  if [ -z "$reason" ] && [ -n "$floats" ]; then
    echo "$source computes with floating-point numbers: $floats"
    failed=1
  elif [ -n "$reason" ] && [ -z "$floats" ]; then
    echo "$source is exempt ($reason) but holds no floating-point arithmetic: check it too"
    failed=1
  elif [ -n "$reason" ]; then
    proofs=$((proofs + 1))
    echo "exempt: $source ($reason): $floats"
  else
    clean=$((clean + 1))
  fi
done <<<"$list"
if [ "$clean" -lt 30 ] || [ "$proofs" -lt 5 ]; then
  echo "only $clean objects without and $proofs with floating-point arithmetic: is this the folder?"
  failed=1
fi
echo "$clean objects hold no floating-point arithmetic, $proofs are exempt"
exit $failed
