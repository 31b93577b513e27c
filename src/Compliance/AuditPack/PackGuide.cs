namespace Compliance.AuditPack;

/// <summary>
/// <c>VERIFY.md</c>: how an auditor checks a pack by hand. Its commands are the same in every pack and read everything from the pack's
/// files, so that nothing a stranger wrote is ever run.
/// </summary>
internal static class PackGuide
{
    /// <summary>The text.</summary>
    public static string Render(PackContent content)
    {
        var (scan, checkpoint) = (content.Scan, content.Checkpoint.Value);
        var keys = string.Join(" and ", content.Checkpoint.Keys.Select(k => $"`keys/{k.Id:x8}.pem`"));
        return $$"""
            # How to check this evidence pack by hand

            {{PackText.Number(scan.Records)}} records of the log {{PackText.Code(content.Origin)}}, logged from {{PackText.Time(
                content.Request.From
            )}} until before
            {{PackText.Time(
                content.Request.To
            )}}, for {{content.Request.Framework.Title}}. The proofs lead to the checkpoint of {{PackText.Number(checkpoint.Size)}} records.
            You need `sh`, `openssl`, `sha256sum` and the usual small tools (`sed`, `od`, `base64`, `cmp`, and `xxd` or `basenc`);
            nothing of ours.

            Unpack the zip, go into its folder, start `sh -eu`, and paste the blocks one after the other. The shell ends at the first
            thing that is wrong.

            ## What this shows, and what it does not

            - Each line of `records.jsonl` is, byte for byte, a record that the log had when the checkpoint was signed, at the place
              that `proofs.jsonl` says.
            - Numbers (`index`) without a gap show that no record between the first and the last was left out. This pack has
              {{PackText.Runs(
                scan.Runs
            )}}.{{Timeless(scan)}}
            - That there were no further records of that time before the first or after the last only the whole log can show: ask for
              it, and run `compliance evidence verify`.
            - The public key in `keys/` came with the pack. Compare it with the key that you were given another way, or with the one of
              an earlier pack: whoever forges a pack can sign
              it with a key of his own.
            - `SHA256SUMS` shows that the zip arrived whole. It is not signed.
            {{State(content)}}

            ## 1. The files are as they were packed

            ```sh
            sha256sum -c SHA256SUMS
            ```

            ## 2. The checkpoint is signed

            `checkpoint` is a text of three lines (the log's name, how many records it covers, the root of the tree over them), an
            empty line, and a line for each signature: base64 of
            four bytes, which are the first of the SHA-256 of the public key, and of an ECDSA signature (P-256, SHA-256, DER) over the
            text. Expect `Verified OK` for {{keys}}.

            ```sh
            mkdir -p check
            rm -f check/*
            sed '/^$/,$d' checkpoint > check/text
            for key in keys/*.pem; do
              id=$(openssl pkey -pubin -in "$key" -outform DER | sha256sum | cut -c1-8)
              sed '1,/^$/d' checkpoint | while read -r dash name signature; do
                printf '%s' "$signature" | base64 -d > check/line
                if [ "$(od -An -tx1 -N4 check/line | tr -d ' \n')" = "$id" ]; then
                  tail -c +5 check/line > check/signature
                  openssl dgst -sha256 -verify "$key" -signature check/signature check/text
                  echo "$key" >> check/signed
                fi
              done
            done
            [ -s check/signed ]
            ```

            ## 3. Every record has the hash that its proof begins with

            The hash of a record is SHA-256 of a zero byte and the line without its line feed (RFC 6962, section 2.1). Line n of
            `proofs.jsonl` is about line n of `records.jsonl`.

            ```sh
            while IFS= read -r record; do
              { printf '\000'; printf '%s' "$record"; } | sha256sum | cut -c1-64
            done < records.jsonl > check/leaves
            sed 's/.*"leafHash":"\([0-9a-f]*\)".*/\1/' proofs.jsonl > check/claimed
            cmp check/leaves check/claimed
            ```

            ## 4. The proofs lead to the signed root

            From the record up to the root: at each step the hash so far and the next one of the proof are joined, left and right as
            the place in the log says, with the byte 01 before
            them, and hashed (RFC 9162, section 2.1.3.2). First the functions, then one record, the first:

            ```sh
            size=$(sed -n 2p checkpoint)
            root=$(sed -n 3p checkpoint | base64 -d | od -An -v -tx1 | tr -d ' \n')
            unhex() { if command -v xxd > /dev/null; then xxd -r -p; else tr a-f A-F | basenc --base16 -d; fi; }
            join() { printf '01%s%s' "$1" "$2" | unhex | sha256sum | cut -c1-64; }
            walk() {
              at=$1 last=$((size - 1)) hash=$2
              shift 2
              for beside in "$@"; do
                [ "$last" -gt 0 ] || return 1
                if [ $((at % 2)) -eq 1 ] || [ "$at" -eq "$last" ]; then
                  hash=$(join "$beside" "$hash")
                  while [ $((at % 2)) -eq 0 ] && [ "$at" -gt 0 ]; do at=$((at / 2)) last=$((last / 2)); done
                else
                  hash=$(join "$hash" "$beside")
                fi
                at=$((at / 2)) last=$((last / 2))
              done
              [ "$last" -eq 0 ] && [ "$hash" = "$root" ]
            }
            words() { sed 's/^{"index":\([0-9]*\),.*"leafHash":"\([0-9a-f]*\)","hashes":\[\(.*\)\]}$/\1 \2 \3/; s/[",]/ /g' proofs.jsonl; }
            words | sed -n 1p | { read -r index leaf hashes; walk "$index" "$leaf" $hashes; }
            echo "the first record leads to the signed root"
            ```

            Then all of them. Each takes some ten to fifty milliseconds; of a large pack take some at random.

            ```sh
            words | while read -r index leaf hashes; do
              walk "$index" "$leaf" $hashes || { echo "record $index does not lead to the signed root"; exit 1; }
            done
            echo "every record leads to the signed root"
            ```

            ## 5. Nothing is left out in between

            ```sh
            words | cut -d' ' -f1 > check/indexes
            before=
            while read -r index; do
              [ -z "$before" ] || [ "$index" -gt "$before" ] || { echo "place $index comes after $before"; exit 1; }
              [ -z "$before" ] || [ "$index" -eq $((before + 1)) ] || echo "places $((before + 1)) to $((index - 1)) are not in this pack"
              before=$index
            done < check/indexes
            [ "$(wc -l < check/indexes)" -eq "$(wc -l < records.jsonl)" ]
            ```

            Places that are named here are listed, with the reason, at the beginning of this text.

            """.ReplaceLineEndings(
            "\n"
        );
    }

    private static string Timeless(PackScan scan)
    {
        if (scan.Timeless.Count > 0)
            return $" Places {PackText.Runs(scan.Timeless)} hold lines without a time, which a crash cut off; other places between were "
                + "logged at another time, by a clock that was put back.";
        return scan.Runs.Count == 1 ? "" : " What lies between was logged at another time, by a clock that was put back.";
    }

    private static string State(PackContent content) =>
        content.Facts is null
            ? "- **Findings, waivers and approvals are not in this pack**: it was made from the ledger alone, without the state account. "
                + "Their absence says nothing about whether there are any."
            : "- `findings.csv`, `findings.json`, `waivers.csv`, `approvals.csv`, the two OSCAL files and `index.html`"
                + " are extracts of the program's state."
                + " They are not covered by the signature; what they\n  show was also logged as it happened, where a record of the log "
                + "says so."
                + (
                    content.Request.WithNames
                        ? "\n- Texts are as the program and people wrote them, and name people: the pack was made with `--with-names`."
                        : "\n- Names, addresses and ids of people, what people wrote, and the wording of findings about leavers are left "
                            + "out;\n"
                            + "  `--with-names` makes a pack that has them."
                );
}
