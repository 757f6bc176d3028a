/// The metadata services of the large clouds. Whoever reads one gets the credentials of the machine.
enum MetadataServices {
    /// The addresses that are not link-local. Those in 169.254.0.0/16, such as 169.254.169.254 (most clouds), 169.254.170.2 (containers of
    /// Amazon ECS) and 169.254.170.23 (pods of Amazon EKS), are refused as link-local addresses.
    static let addresses: Set<NetworkAddress> = Set(
        [
            // Amazon EC2: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
            "fd00:ec2::254",
            // Amazon EKS, the credentials of pods: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
            "fd00:ec2::23",
            // Alibaba Cloud: https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
            "100.100.100.200",
            // Oracle Cloud Infrastructure over IPv6:
            // https://github.com/oracle/oci-python-sdk/blob/master/src/oci/auth/signers/instance_principals_security_token_signer.py
            "fd00:c1::a9fe:a9fe",
            // Oracle Compute Classic: https://docs.oracle.com/en/cloud/iaas/compute-iaas-cloud/
            "192.0.0.192",
            // Microsoft Azure: https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16
            "168.63.129.16",
            // Google Compute Engine over IPv6: https://cloud.google.com/compute/docs/metadata/querying-metadata
            "fd20:ce::254",
        ].compactMap { NetworkAddress($0) })

    /// The names of these services, which a proxy may resolve where this machine cannot.
    static let names: Set<String> = [
        // Google Compute Engine: https://cloud.google.com/compute/docs/metadata/querying-metadata
        "metadata.google.internal", "metadata.goog",
        // Amazon EC2: https://cloudinit.readthedocs.io/en/stable/reference/datasources/ec2.html
        "instance-data", "instance-data.ec2.internal",
        // Tencent Cloud: https://www.tencentcloud.com/document/product/213/4934
        "metadata.tencentyun.com",
    ]
}
