using System.Globalization;
using System.Text.Json;
using Compliance.Text;

namespace Compliance.Minimization.Sweeps;

/// <summary>A sweep's report as a table. Pure.</summary>
internal static class SweepReportTexts
{
    private static readonly string[] Columns =
    [
        "dataSet",
        "classification",
        "owner",
        "state",
        "items",
        "bytes",
        "due",
        "dueBytes",
        .. Enum.GetValues<SweepResult>().Select(r => JsonNamingPolicy.CamelCase.ConvertName($"{r}")),
        "deletedBytes",
        "left",
        "leftBytes",
        "planId",
        "certificateSha256",
    ];

    /// <summary>As CSV, a line a data set.</summary>
    public static byte[] Csv(SweepReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return CsvTable.ToBytes(Columns, report.DataSets.Select(Values));
    }

    private static IReadOnlyList<string> Values(DataSetReport set) =>
        [
            set.DataSet,
            set.Classification,
            set.Owner,
            $"{set.State}",
            Text(set.Totals.All.Items),
            Text(set.Totals.All.Bytes),
            Text(set.Totals.Due.Items),
            Text(set.Totals.Due.Bytes),
            .. Enum.GetValues<SweepResult>().Select(r => Text(set.Results.GetValueOrDefault(r, SliceTotal.None).Items)),
            Text(set.Deleted.Bytes),
            Text(set.Left.Items),
            Text(set.Left.Bytes),
            set.PlanId ?? "",
            set.CertificateSha256 ?? "",
        ];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
