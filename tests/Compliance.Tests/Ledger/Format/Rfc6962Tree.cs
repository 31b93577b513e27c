using System.Security.Cryptography;

namespace Compliance.Tests.Ledger.Format;

/// <summary>
/// RFC 6962 sections 2.1 to 2.1.2 word by word: recursive, over plain lists, sharing no code with what is tested. It is slow on purpose.
/// </summary>
internal static class Rfc6962Tree
{
    public static byte[] LeafHash(byte[] entry) => SHA256.HashData([0, .. entry]);

    /// <summary>MTH(D[n]), over the leaves' hashes.</summary>
    public static byte[] Root(byte[][] leaves) =>
        leaves.Length switch
        {
            0 => SHA256.HashData([]),
            1 => leaves[0],
            var n => Node(Root(leaves[..Split(n)]), Root(leaves[Split(n)..])),
        };

    /// <summary>PATH(m, D[n]).</summary>
    public static byte[][] Inclusion(int m, byte[][] leaves)
    {
        var n = leaves.Length;
        if (n == 1)
            return [];
        var k = Split(n);
        return m < k ? [.. Inclusion(m, leaves[..k]), Root(leaves[k..])] : [.. Inclusion(m - k, leaves[k..]), Root(leaves[..k])];
    }

    /// <summary>PROOF(m, D[n]) for 0 &lt; m &lt;= n.</summary>
    public static byte[][] Consistency(int m, byte[][] leaves) => Subproof(m, leaves, true);

    /// <summary>On which side the hashes of PATH(m, D[n]) stand, left or right. All that a proof says of its index and size.</summary>
    public static string InclusionShape(int m, int n)
    {
        if (n == 1)
            return "";
        var k = Split(n);
        return m < k ? InclusionShape(m, k) + "R" : InclusionShape(m - k, n - k) + "L";
    }

    /// <summary>Likewise of PROOF(m, D[n]), where S is the hash that both trees begin with when the older is not perfect.</summary>
    public static string ConsistencyShape(int m, int n, bool whole = true)
    {
        if (m == n)
            return whole ? "" : "S";
        var k = Split(n);
        return m <= k ? ConsistencyShape(m, k, whole) + "R" : ConsistencyShape(m - k, n - k, false) + "L";
    }

    private static byte[][] Subproof(int m, byte[][] leaves, bool whole)
    {
        var n = leaves.Length;
        if (m == n)
            return whole ? [] : [Root(leaves)];
        var k = Split(n);
        return m <= k
            ? [.. Subproof(m, leaves[..k], whole), Root(leaves[k..])]
            : [.. Subproof(m - k, leaves[k..], false), Root(leaves[..k])];
    }

    // The largest power of two smaller than n.
    private static int Split(int n)
    {
        var k = 1;
        while (k * 2 < n)
            k *= 2;
        return k;
    }

    private static byte[] Node(byte[] left, byte[] right) => SHA256.HashData([1, .. left, .. right]);
}
