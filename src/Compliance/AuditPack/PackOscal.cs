using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Controls;
using Compliance.Findings;

namespace Compliance.AuditPack;

/// <summary>
/// The pack in NIST's OSCAL 1.2: assessment results, and a plan of action for what is open. Ids are made from the pack's contents and times
/// are the records', so that the same data gives the same files. Nothing is ever shown as satisfied: that a check found nothing wrong is an
/// observation, and whether a clause is met is for the auditor to say.
/// </summary>
/// <param name="content">What the pack shows.</param>
/// <param name="files">The files that are in it by now; their digests go into the back matter.</param>
internal sealed class PackOscal(PackContent content, IReadOnlyList<(string Name, string Sha256)> files)
{
    /// <summary>File of the assessment results.</summary>
    public const string Results = "assessment-results.json";

    /// <summary>File of the plan of action and milestones.</summary>
    public const string Poam = "poam.json";

    private const string Version = "1.2.1";

    // Our own name space for RFC 9562 version 5.
    private static readonly Guid Space = new("6f6f0b1e-2c35-5d4c-9a55-3f1c7a0f5e21");

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly string _pack = string.Join(
        '\n',
        [
            content.Origin,
            PackText.Time(content.Request.From),
            PackText.Time(content.Request.To),
            content.Request.Framework.Key,
            .. files.Select(f => $"{f.Name} {f.Sha256}"),
        ]
    );

    /// <summary>A UUID that the same space and name always give: RFC 9562 version 5.</summary>
    public static string Uuid(Guid space, string name)
    {
#pragma warning disable CA5350 // RFC 9562 makes version 5 with SHA-1; nothing depends on nobody finding another text with the same id.
        var hash = SHA1.HashData([.. space.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)]).AsSpan(0, 16);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash, bigEndian: true).ToString("D");
    }

    /// <summary>The assessment results.</summary>
    public string AssessmentResults() =>
        new JsonObject
        {
            ["assessment-results"] = new JsonObject
            {
                ["uuid"] = Uuid("assessment-results"),
                ["metadata"] = Metadata("Assessment results"),
                ["import-ap"] = new JsonObject { ["href"] = $"#{Uuid("plan")}" },
                ["results"] = new JsonArray(Result()),
                ["back-matter"] = new JsonObject { ["resources"] = new JsonArray([Plan(), .. files.Select(Resource)]) },
            },
        }.ToJsonString(Json) + "\n";

    /// <summary>
    /// The plan of action and milestones: what was open or waived at the end of that time. Null when nothing was, since OSCAL has no plan
    /// without an item.
    /// </summary>
    public string? PlanOfAction()
    {
        var open = content.Facts?.Findings.Where(f => f.Status != FindingStatus.Resolved).ToList() ?? [];
        if (open.Count == 0)
            return null;
        return new JsonObject
        {
            ["plan-of-action-and-milestones"] = new JsonObject
            {
                ["uuid"] = Uuid("poam"),
                ["metadata"] = Metadata("Plan of action and milestones"),
                ["system-id"] = new JsonObject { ["id"] = PackText.Markdown(content.Origin) },
                ["risks"] = new JsonArray([.. open.Select(Risk)]),
                ["poam-items"] = new JsonArray([
                        .. open.Select(f => new JsonObject
                        {
                            ["uuid"] = Uuid($"item {f.Id}"),
                            ["title"] = Title(f),
                            ["description"] = PackText.Markdown(f.NextStep),
                            ["related-risks"] = new JsonArray(new JsonObject { ["risk-uuid"] = Uuid($"risk {f.Id}") }),
                        }),
                    ]),
            },
        }.ToJsonString(Json) + "\n";
    }

    private JsonObject Result()
    {
        var findings = content.Facts?.Findings ?? [];
        var framework = content.Request.Framework;
        var seen = framework.Controls.Where(c => content.Scan.Controls.ContainsKey(c.Id)).ToList();
        var result = new JsonObject
        {
            ["uuid"] = Uuid("result"),
            ["title"] = PackText.Markdown(
                $"{framework.Title}, {PackText.Time(content.Request.From)} until {PackText.Time(content.Request.To)}"
            ),
            ["description"] = PackText.Markdown(
                $"{content.Scan.Records} records of {content.Origin}, proven to the checkpoint of {content.Checkpoint.Value.Size} records."
            ),
            ["start"] = PackText.Time(content.Request.From),
            ["end"] = PackText.Time(content.Request.To),
            ["reviewed-controls"] = new JsonObject { ["control-selections"] = new JsonArray(Selection(framework, seen)) },
        };
        With(
            result,
            ("observations", [.. seen.Select(Observation)]),
            ("risks", [.. findings.Select(Risk)]),
            ("findings", [.. findings.Where(f => f.Status != FindingStatus.Resolved).Select(f => FindingOf(f, seen))])
        );
        if (content.Facts is null)
            result["remarks"] =
                "Made from the ledger alone: findings, waivers and approvals are not shown here, which does not mean that there "
                + "are none.";
        return result;
    }

    private static JsonObject Selection(Framework framework, List<Control> seen)
    {
        var unseen = framework.Controls.Where(c => !seen.Contains(c)).ToList();
        var selection = With(
            new JsonObject
            {
                ["description"] =
                    unseen.Count == 0
                        ? "Controls with a record in this time."
                        : "Controls with a record in this time are included. Those without are excluded: nothing shows that they ran, "
                            + "which is not a pass.",
            },
            ("include-controls", Ids(seen)),
            ("exclude-controls", Ids(unseen))
        );
        // The schema wants one or the other; with every control excluded this selects none.
        if (seen.Count == 0)
            selection["include-all"] = new JsonObject();
        return selection;
    }

    private string Uuid(string name) => Uuid(Space, $"{_pack}\n{name}");

    private static JsonObject With(JsonObject json, params (string Name, JsonNode[] Items)[] arrays)
    {
        // OSCAL has no empty arrays.
        foreach (var (name, items) in arrays.Where(a => a.Items.Length > 0))
            json[name] = new JsonArray(items);
        return json;
    }

    private static JsonNode[] Ids(IEnumerable<Control> controls) => [.. controls.Select(c => new JsonObject { ["control-id"] = c.Id })];

    private static string Title(PackFinding f) =>
        PackText.Markdown($"{f.Control} {AllControls.Catalogue.Get(f.Control).Title}: {f.SubjectType} {f.SubjectName} {f.Part}");

    private JsonObject Metadata(string what) =>
        new()
        {
            ["title"] = PackText.Markdown($"{what} for {content.Request.Framework.Title}"),
            ["last-modified"] = PackText.Time(content.Scan.Latest),
            ["version"] = content.Checkpoint.Value.Size.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["oscal-version"] = Version,
        };

    private JsonObject Plan() =>
        new()
        {
            ["uuid"] = Uuid("plan"),
            ["title"] = "The plan that was assessed by",
            ["description"] =
                "There is no assessment plan in OSCAL. Controls run by their schedules and events; what each one checks is in the "
                + "product's catalogue of controls.",
        };

    private JsonObject Resource((string Name, string Sha256) file) =>
        new()
        {
            ["uuid"] = Uuid($"file {file.Name}"),
            ["title"] = file.Name,
            ["rlinks"] = new JsonArray(
                new JsonObject
                {
                    ["href"] = file.Name,
                    ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "SHA-256", ["value"] = file.Sha256 }),
                }
            ),
        };

    private JsonObject Observation(Control control)
    {
        var records = content.Scan.Controls[control.Id];
        return new()
        {
            ["uuid"] = Uuid($"observation {control.Id}"),
            ["title"] = PackText.Markdown($"{control.Id} {control.Title}"),
            ["description"] = PackText.Markdown(
                $"{records.Records} records serve this control, {records.Incomplete} of which state that something could not be read. "
                    + $"Clauses: {string.Join(", ", content.Request.Framework.Clauses(control))}."
            ),
            ["methods"] = new JsonArray("TEST"),
            ["relevant-evidence"] = new JsonArray(
                new JsonObject
                {
                    ["href"] = $"#{Uuid("file records.jsonl")}",
                    ["description"] = $"The lines whose controls name {control.Id}.",
                }
            ),
            ["collected"] = PackText.Time(records.Last),
        };
    }

    private JsonObject Risk(PackFinding f)
    {
        var risk = new JsonObject
        {
            ["uuid"] = Uuid($"risk {f.Id}"),
            ["title"] = Title(f),
            ["description"] = PackText.Markdown(f.Reason),
            ["statement"] = PackText.Markdown(AllControls.Catalogue.Get(f.Control).Why),
            ["props"] = new JsonArray(
                new JsonObject
                {
                    ["name"] = "finding-id",
                    ["ns"] = "urn:compliancefunctions:oscal",
                    ["value"] = f.Id,
                },
                new JsonObject
                {
                    ["name"] = "severity",
                    ["ns"] = "urn:compliancefunctions:oscal",
                    ["value"] = f.Severity.ToString().ToLowerInvariant(),
                }
            ),
            ["status"] = f.Status switch
            {
                FindingStatus.Waived => "deviation-approved",
                FindingStatus.Resolved => "closed",
                _ => "open",
            },
        };
        if (f is { Status: FindingStatus.Waived, Waiver: { } waiver })
        {
            risk["deadline"] = PackText.Time(waiver.Expires);
            risk["mitigating-factors"] = new JsonArray(
                new JsonObject
                {
                    ["uuid"] = Uuid($"waiver {f.Id}"),
                    ["description"] = PackText.Markdown($"Waiver {waiver.Id}, approved by {waiver.ApprovedBy}: {waiver.Reason}"),
                }
            );
        }
        return risk;
    }

    private JsonObject FindingOf(PackFinding f, IReadOnlyCollection<Control> seen)
    {
        var finding = new JsonObject
        {
            ["uuid"] = Uuid($"finding {f.Id}"),
            ["title"] = Title(f),
            ["description"] = PackText.Markdown(f.Unknown ? $"The check could not decide: {f.Reason}" : f.Reason),
            ["target"] = new JsonObject
            {
                ["type"] = "objective-id",
                ["target-id"] = f.Control,
                ["status"] = new JsonObject { ["state"] = "not-satisfied" },
            },
            ["related-risks"] = new JsonArray(new JsonObject { ["risk-uuid"] = Uuid($"risk {f.Id}") }),
        };
        if (seen.Any(c => c.Id == f.Control))
            finding["related-observations"] = new JsonArray(new JsonObject { ["observation-uuid"] = Uuid($"observation {f.Control}") });
        return finding;
    }
}
