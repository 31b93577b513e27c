using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Local;

/// <summary>What test result files add up to.</summary>
/// <param name="Passed">Tests that passed.</param>
/// <param name="Failed">Tests that failed, in any way.</param>
/// <param name="Skipped">Tests that were not run.</param>
internal sealed record TrxTotals(int Passed, int Failed, int Skipped)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    public static TrxTotals operator +(TrxTotals one, TrxTotals other) =>
        new(one.Passed + other.Passed, one.Failed + other.Failed, one.Skipped + other.Skipped);

    /// <summary>
    /// Reads the counters of one file, such as <c>&lt;Counters total="5" executed="4" passed="3" failed="1" ... /&gt;</c>.
    /// </summary>
    /// <exception cref="FormatException">It is cut off or has no counters.</exception>
    public static TrxTotals Read(string file)
    {
        try
        {
            var counters =
                XDocument.Load(file).Descendants(Trx + "Counters").FirstOrDefault() ?? throw new XmlException("it has no Counters");
            int Count(string name) =>
                int.Parse(
                    counters.Attribute(name)?.Value ?? throw new XmlException($"its Counters have no {name}"),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture
                );
            // A skipped test is one that was not executed; whatever was executed and did not pass has failed (error, time-out, aborted).
            return new TrxTotals(Count("passed"), Count("executed") - Count("passed"), Count("total") - Count("executed"));
        }
        catch (XmlException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary><c>N passed, N failed</c>, and <c>, N skipped</c> when there are some.</summary>
    public override string ToString() => $"{Passed} passed, {Failed} failed" + (Skipped > 0 ? $", {Skipped} skipped" : "");
}
